/** Finds out which webhooks may want an event, when the reader of the feed learns of it. */
import { mayWant, type EventFacts, type Webhook, type WebhookEventType } from '../../domain/webhook.ts';
import { ownSessionId, projectOf } from '../../domain/project.ts';
import type { FeedEvent } from '../../domain/feed-event.ts';
import type { CallSummary } from '../calls/call-summary.ts';
import { factsOf } from './event-facts.ts';
import { directoryEnded, type WebhookDirectory } from './webhook-directory.ts';

/** How long the feed waits for a directory that does not answer, and how often it is said that it does not, in ms. */
export const patienceMs = 300_000;
/** With a longer pause between two calls of `refresh`, another process has read the feed meanwhile. */
const pausedMs = 60_000;

export class WebhookMatcher {
  private readonly directory: Pick<WebhookDirectory, 'read' | 'lastRead'>;
  private readonly onUnknown: (why: string, error: unknown) => void;
  private webhooks: readonly Webhook[] = [];
  /** By a clock that only runs forward, in ms. */
  private triedAt = -Infinity;
  private unansweredSince: number | undefined;
  private toldAt = -Infinity;

  /** `onUnknown` is called now and then while the feed goes on although it does not know the webhooks. */
  constructor(
    directory: Pick<WebhookDirectory, 'read' | 'lastRead'>,
    onUnknown: (why: string, error: unknown) => void,
  ) {
    this.directory = directory;
    this.onUnknown = onUnknown;
  }

  /**
   * Reads the webhooks. Call this before a list of what has ended: a webhook wants what ends after it was created. Returns
   * whether they are known now. If not, the feed goes on all the same, because others rely on it: after some minutes without an
   * answer with the webhooks that were read last, and without any if the directory has ended. Until then throws the refusal
   * `temporal_unavailable`.
   */
  async refresh(): Promise<boolean> {
    const now = performance.now();
    if (now - this.triedAt > pausedMs) this.unansweredSince = undefined;
    this.triedAt = now;
    try {
      const directory = await this.directory.read();
      this.unansweredSince = undefined;
      this.webhooks = directory.state === 'ended' ? [] : directory.webhooks;
      if (directory.state !== 'ended') return true;
      this.tell('What happens now is sent to no webhook', directoryEnded());
    } catch (error) {
      this.unansweredSince ??= now;
      if (now - this.unansweredSince < patienceMs) throw error;
      this.webhooks = this.directory.lastRead;
      this.tell(
        `What happens now is sent only to the ${this.webhooks.length} webhooks that were read last`,
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

  private tell(why: string, error: unknown): void {
    if (performance.now() - this.toldAt < patienceMs) return;
    this.toldAt = performance.now();
    this.onUnknown(why, error);
  }

  private wanting(event: EventFacts): string[] {
    return this.webhooks.filter((webhook) => mayWant(webhook, event)).map(({ id }) => id);
  }

  /** Returns the ids of the webhooks that may want the event. */
  wantingEvent(event: FeedEvent): string[] {
    return this.wanting(factsOf(event));
  }

  /** The same for a call that has ended. */
  wantingCall({ callId, status, agentAsked, sessionId, userId, endedAt }: CallSummary): string[] {
    if (status === 'running') return [];
    return this.wanting({
      type: `call.${status}`,
      project: projectOf(callId),
      agent: agentAsked,
      ...(sessionId !== undefined && { sessionId: ownSessionId(sessionId) }),
      ...(userId !== undefined && { userId }),
      at: endedAt?.getTime() ?? 0,
    });
  }
}
