/** Finds out which webhooks may want an event, when the reader of the feed learns of it. */
import { mayWant, type EventFacts, type Webhook, type WebhookEventType } from '../../domain/webhook.ts';
import type { EndingMarks } from '../../domain/ending.ts';
import type { FeedEvent } from '../../domain/feed-event.ts';
import type { CallSummary } from '../calls/call-summary.ts';
import type { DeliveryFiles } from './delivery-files.ts';
import { factsOf, factsOfCall } from './event-facts.ts';
import { directoryEnded, type WebhookDirectory } from './webhook-directory.ts';

/** How long the feed waits for a directory that does not answer, and how often it is said that it does not, in ms. */
export const patienceMs = 300_000;
/** With a longer pause between two calls of `refresh`, another process has read the feed meanwhile. */
const pausedMs = 60_000;

interface Parts {
  readonly directory: Pick<WebhookDirectory, 'read'>;
  /** Keeps the webhooks where every process finds them that reads the feed later. */
  readonly files: Pick<DeliveryFiles, 'readKnown' | 'writeKnown'>;
  /** Returns what stands for a session in the log of endings. */
  readonly laneOf: (sessionId: string) => string;
  /** Called now and then while the feed goes on although it does not know the webhooks. */
  readonly onUnknown: (why: string, error: unknown) => void;
}

export class WebhookMatcher {
  private readonly parts: Parts;
  private webhooks: readonly Webhook[] = [];
  /** The webhooks that were kept last. */
  private kept: readonly Webhook[] | undefined;
  /** By a clock that only runs forward, in ms. */
  private triedAt = -Infinity;
  private unansweredSince: number | undefined;
  private toldAt = -Infinity;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /**
   * Reads the webhooks. Call this before a list of what has ended: a webhook wants what ends after it was created. Returns
   * whether they are known now. If not, the feed goes on all the same, because others rely on it: after some minutes without an
   * answer with the webhooks that were known last, and without any if the directory has ended. Until then throws the refusal
   * `temporal_unavailable`, or `PayloadStoreError`.
   */
  async refresh(): Promise<boolean> {
    const now = performance.now();
    if (now - this.triedAt > pausedMs) this.unansweredSince = undefined;
    this.triedAt = now;
    try {
      const directory = await this.parts.directory.read();
      this.unansweredSince = undefined;
      this.webhooks = directory.state === 'ended' ? [] : directory.webhooks;
      if (directory.state !== 'ended') {
        await this.keep();
        return true;
      }
      this.tell('What happens now is sent to no webhook', directoryEnded());
    } catch (error) {
      this.unansweredSince ??= now;
      if (now - this.unansweredSince < patienceMs) throw error;
      this.webhooks = await this.parts.files.readKnown();
      this.tell(
        `What happens now is sent only to the ${this.webhooks.length} webhooks that were known last`,
        error,
      );
    }
    return false;
  }

  /** Whether any webhook asks for events of this type. */
  wants(type: WebhookEventType): boolean {
    return this.webhooks.some(({ events }) => events.includes(type));
  }

  /** Whether events are sent to the webhook. */
  isOn(id: string): boolean {
    return this.webhooks.some((webhook) => webhook.id === id && webhook.disabledAt === undefined);
  }

  private async keep(): Promise<void> {
    const isEmpty = this.webhooks.length === 0 && (this.kept ?? []).length === 0;
    if (this.kept === this.webhooks || isEmpty) return;
    await this.parts.files.writeKnown(this.webhooks);
    this.kept = this.webhooks;
  }

  private tell(why: string, error: unknown): void {
    if (performance.now() - this.toldAt < patienceMs) return;
    this.toldAt = performance.now();
    this.parts.onUnknown(why, error);
  }

  /** Returns the ids of the webhooks that may want the event. */
  wantingEvent(event: FeedEvent): string[] {
    return this.wanting(factsOf(event)).map(({ id }) => id);
  }

  /** Returns who is told of a call that has ended. */
  marksOf(call: CallSummary): EndingMarks {
    const { callId, status: outcome, agentAsked: agent, sessionId, userId, callback } = call;
    if (outcome === 'running') return {};
    const endedAt = call.endedAt?.getTime() ?? 0;
    const wanting = this.wanting(factsOfCall({ callId, outcome, agent, sessionId, userId, endedAt }));
    const isOrdered = wanting.some(({ ordered }) => ordered);
    return {
      ...(wanting.length > 0 && { for: wanting.map(({ id }) => id) }),
      ...(isOrdered && sessionId !== undefined && { lane: this.parts.laneOf(sessionId) }),
      ...(callback && { callback }),
    };
  }

  private wanting(event: EventFacts): Webhook[] {
    return this.webhooks.filter((webhook) => mayWant(webhook, event));
  }
}
