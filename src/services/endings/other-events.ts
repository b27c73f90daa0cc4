/**
 * The events of the log that are no endings of calls, until they are appended: ended batches, which the reader finds with the
 * calls, and changes of agents' statuses, which are read here while somebody wants them. Which changes the log has, each
 * segment says, so that the next reader neither loses nor doubles one.
 */
import { timeOf } from '../../domain/log-event.ts';
import {
  type AgentStateChanged,
  type BatchEnded,
  type FeedEvent,
  type ToldChange,
} from '../../domain/feed-event.ts';
import type { NewStateChanges } from '../../workflows/messages.ts';
import type { AgentStates } from '../agents/agent-states.ts';
import type { Segment } from './ending-log.ts';

export interface OtherEventParts {
  readonly agentStates: Pick<AgentStates, 'changes' | 'note'>;
  /** Whether somebody wants events of this type, as far as it is known. While nobody does, changes of statuses are not read. */
  readonly wants: (type: FeedEvent['type']) => boolean;
  /** Returns the ids of the webhooks that want the event. */
  readonly wanting: (event: FeedEvent) => readonly string[];
  /** Epoch ms by Temporal's clock. */
  readonly now: () => number;
  /** Called with each error. The reader goes on. */
  readonly onFailed: (error: unknown) => void;
}

/** How often changes of statuses are read at most. */
const lookMs = 3_000;

export class OtherEvents {
  private readonly parts: OtherEventParts;
  /** The newest change that the log has. Undefined while nobody wants any. */
  private told: ToldChange | undefined;
  /** `told` once `changes` are in the log too. */
  private next: ToldChange | undefined;
  private changes: readonly AgentStateChanged[] = [];
  private batches: BatchEnded[] = [];
  private lookedAt = -Infinity;
  /** When nobody wanted changes for the last time: what was before is not told. */
  private unwantedAt: number;

  /** `told` is where the reader before has ended. If nobody wanted changes then, those since `unwantedAt` are told. */
  constructor(parts: OtherEventParts, told: ToldChange | undefined, unwantedAt: number) {
    this.parts = parts;
    this.told = this.next = told;
    this.unwantedAt = unwantedAt;
  }

  /** The newest change that the log has, for the next reader. */
  get place(): ToldChange | undefined {
    return this.told;
  }

  get isWaiting(): boolean {
    return this.changes.length > 0 || this.batches.length > 0;
  }

  /**
   * Begins, or begins anew. `newest` are the newest segments if one was appended after `place`. What is not in the log is found
   * again.
   */
  resume(newest: readonly Segment[]): void {
    const readable = newest.findLast(({ until }) => until > 0);
    if (readable) this.told = readable.told;
    this.next = this.told;
    this.changes = [];
    this.batches = [];
    this.lookedAt = -Infinity;
  }

  add(batch: BatchEnded): void {
    this.batches.push(batch);
  }

  /**
   * Reads what has changed, at most every three seconds. `knownAt` is when all subscriptions were read just now; without it, it
   * is not decided that nobody wants changes, since those who do may be unknown. Returns whether something waits to be appended.
   * Does not throw.
   */
  async look(knownAt?: number): Promise<boolean> {
    const { wants, now, onFailed } = this.parts;
    const at = now();
    if (!wants('agent.state_changed')) {
      if (knownAt === undefined) return this.isWaiting;
      this.unwantedAt = knownAt;
      this.told = this.next = undefined;
      this.changes = [];
    } else if (at - this.lookedAt >= lookMs) {
      this.lookedAt = at;
      await this.read(at).catch(onFailed);
    }
    return this.isWaiting;
  }

  /** Returns what the next segment has of it. */
  get inSegment(): Pick<Segment, 'events' | 'told'> {
    const events = [...this.batches, ...this.changes].sort((one, other) => timeOf(one) - timeOf(other));
    const marked = events.map((event) => ({ ...event, ...markOf(this.parts.wanting(event)) }));
    return { ...(events.length > 0 && { events: marked }), ...(this.next && { told: this.next }) };
  }

  /** Call this once a segment with `inSegment` is appended. */
  appended(): void {
    this.told = this.next;
    this.changes = [];
    this.batches = [];
  }

  private async read(at: number): Promise<void> {
    const { agentStates, onFailed } = this.parts;
    const answer = await agentStates.changes(this.told);
    const { series, sequence } = answer;
    this.changes = this.newIn(answer).map((change) => ({ type: 'agent.state_changed', ...change, series }));
    this.next = { series, sequence };
    const [first] = this.changes;
    if (!first) this.told = this.next;
    const last = this.told?.series === series ? this.told.sequence : 0;
    if (this.told && first && first.sequence > last + 1)
      onFailed(
        new Error(`${first.sequence - last - 1} changes of agents' statuses came too fast to be read`),
      );
    if (answer.nextAt !== undefined && answer.nextAt <= at) await agentStates.note();
  }

  private newIn({ changes }: NewStateChanges): NewStateChanges['changes'] {
    return this.told ? changes : changes.filter(({ at }) => at > this.unwantedAt);
  }
}

function markOf(ids: readonly string[]): Pick<FeedEvent, 'for'> {
  return ids.length > 0 ? { for: ids } : {};
}
