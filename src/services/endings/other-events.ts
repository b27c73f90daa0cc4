/**
 * The events of the log that are no endings of calls, until they are appended: ended batches, which the reader finds with the
 * calls, changes of agents' statuses, and alerts that fire or resolve.
 */
import { timeOf } from '../../domain/log-event.ts';
import type {
  AgentStateChanged,
  AlertChanged,
  BatchEnded,
  FeedEvent,
  ToldChanges,
} from '../../domain/feed-event.ts';
import type { AgentStates } from '../agents/agent-states.ts';
import type { Alerts } from '../alerts/alerts.ts';
import { ChangeSource } from './change-source.ts';
import type { Segment } from './ending-log.ts';

export interface OtherEventParts {
  readonly agentStates: Pick<AgentStates, 'changes' | 'note'>;
  readonly alerts: Pick<Alerts, 'changes'>;
  /** Whether somebody wants events of this type, as far as it is known. While nobody does, such changes are not read. */
  readonly wants: (type: FeedEvent['type']) => boolean;
  /** Returns the ids of the webhooks that want the event. */
  readonly wanting: (event: FeedEvent) => readonly string[];
  /** Epoch ms by Temporal's clock. */
  readonly now: () => number;
  /** Called with each error. The reader goes on. */
  readonly onFailed: (error: unknown) => void;
}

export class OtherEvents {
  private readonly parts: OtherEventParts;
  private readonly states: ChangeSource<AgentStateChanged>;
  private readonly alerts: ChangeSource<AlertChanged>;
  private batches: BatchEnded[] = [];

  /** `place` is where the reader before has ended. What nobody wanted then is told if it happened after `unwantedAt`. */
  constructor(parts: OtherEventParts, place: ToldChanges, unwantedAt: number) {
    this.parts = parts;
    this.states = new ChangeSource(stateParts(parts), place.told, unwantedAt);
    this.alerts = new ChangeSource(alertParts(parts), place.toldAlerts, unwantedAt);
  }

  /** The newest changes that the log has, for the next reader. */
  get place(): ToldChanges {
    return { told: this.states.place, toldAlerts: this.alerts.place };
  }

  get isWaiting(): boolean {
    return this.states.waiting.length + this.alerts.waiting.length + this.batches.length > 0;
  }

  /**
   * Begins, or begins anew. `newest` are the newest segments if one was appended after `place`. What is not in the log is found
   * again.
   */
  resume(newest: readonly Segment[]): void {
    const { told, toldAlerts } = newest.findLast(({ until }) => until > 0) ?? this.place;
    this.states.resume(told);
    this.alerts.resume(toldAlerts);
    this.batches = [];
  }

  add(batch: BatchEnded): void {
    this.batches.push(batch);
  }

  /**
   * Reads what has changed (change-source.ts). `knownAt` is when all subscriptions were read just now. Returns whether something
   * waits to be appended. Does not throw.
   */
  async look(knownAt?: number): Promise<boolean> {
    await this.states.look(knownAt);
    await this.alerts.look(knownAt);
    return this.isWaiting;
  }

  /** Returns what the next segment has of it. */
  get inSegment(): Pick<Segment, 'events' | 'told' | 'toldAlerts'> {
    const { states, alerts } = this;
    const events: FeedEvent[] = [...this.batches, ...states.waiting, ...alerts.waiting];
    const inOrder = events.sort((one, other) => timeOf(one) - timeOf(other));
    const marked = inOrder.map((event) => ({ ...event, ...markOf(this.parts.wanting(event)) }));
    return {
      ...(marked.length > 0 && { events: marked }),
      ...(states.nextPlace && { told: states.nextPlace }),
      ...(alerts.nextPlace && { toldAlerts: alerts.nextPlace }),
    };
  }

  /** Call this once a segment with `inSegment` is appended. */
  appended(): void {
    this.states.appended();
    this.alerts.appended();
    this.batches = [];
  }
}

function stateParts({ agentStates, wants, now, onFailed }: OtherEventParts) {
  return {
    what: "changes of agents' statuses",
    isWanted: () => wants('agent.state_changed'),
    now,
    onFailed,
    read: async (told: ToldChanges['told']) => {
      const { nextAt = Infinity, ...answer } = await agentStates.changes(told);
      if (nextAt <= now()) await agentStates.note().catch(onFailed);
      const { series } = answer;
      const changes = answer.changes.map((change) => ({
        type: 'agent.state_changed' as const,
        ...change,
        series,
      }));
      return { ...answer, changes };
    },
  };
}

function alertParts({ alerts, wants, now, onFailed }: OtherEventParts) {
  return {
    what: 'announcements of alerts',
    isWanted: () => wants('alert.fired') || wants('alert.resolved'),
    now,
    onFailed,
    read: async (told: ToldChanges['toldAlerts']) => {
      const answer = await alerts.changes(told);
      const { series } = answer;
      return { ...answer, changes: answer.changes.map((change) => ({ ...change, series })) };
    },
  };
}

function markOf(ids: readonly string[]): Pick<FeedEvent, 'for'> {
  return ids.length > 0 ? { for: ids } : {};
}
