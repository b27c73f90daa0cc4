/** A simulated receiver, log of endings, payload store and clock, for tests of the deliveries of one webhook. */
import { newDeliveries, parkedSince, type DeliveryState } from '../../../src/domain/delivery-state.ts';
import type { Ending } from '../../../src/domain/ending.ts';
import type { Webhook } from '../../../src/domain/webhook.ts';
import type { SendResult } from '../../../src/receivers/send-event.ts';
import { EndingLog } from '../../../src/services/endings/ending-log.ts';
import { Delivery, type DeliveryParts } from '../../../src/services/webhooks/delivery.ts';
import { DeliveryFiles, type DeliveryEntry } from '../../../src/services/webhooks/delivery-files.ts';
import { MemoryStore } from '../../payloads/memory-store.ts';

export const webhook: Webhook = {
  id: 'wh1',
  name: 'CRM',
  url: 'sealed',
  shownUrl: 'https://crm.example/',
  events: ['call.completed'],
  filter: {},
  createdAt: 0,
  fromSegment: 1,
  secrets: [{ sealed: 'secret' }],
};
export const dayMs = 86_400_000;
/** A delivery that nobody ends. */
export const ends = { stop: new AbortController().signal, end: new AbortController().signal };
export const up = (): SendResult => ({ ok: true, status: 204, ms: 1 });
export const down = (): SendResult => ({ ok: false, status: 503, error: 'HTTP 503', ms: 1 });

export class DeliveryWorld {
  now = 10 * dayMs;
  readonly store = new MemoryStore();
  /** The keys of the segments that are damaged or lost. */
  readonly damaged: string[] = [];
  readonly log = new EndingLog(this.store, (key) => this.damaged.push(key));
  readonly files = new DeliveryFiles(this.store);
  /** The calls whose events the receiver got, and those of them that came with a gap before them. */
  got: string[] = [];
  readonly gaps: string[] = [];
  /** Answers of the receiver, by call. */
  answers: (callId: string) => SendResult | Promise<SendResult> = up;
  readonly deleted = new Set<string>();
  readonly unreadable = new Set<string>();
  private segments = 0;

  /**
   * Appends a segment with the endings of these calls: `session/call`, or `call` alone. `until` as the feed says it; `to` are
   * the webhooks that are told.
   */
  async append(
    calls: readonly (string | { call: string; endedAt: number })[],
    until = this.now,
    to: readonly string[] = ['wh1'],
  ): Promise<void> {
    this.segments += 1;
    const endings = calls.map((one): Ending => {
      const { call, endedAt } = typeof one === 'string' ? { call: one, endedAt: this.now } : one;
      const times = { startedAt: endedAt - 10, endedAt, queuedMs: 0 };
      const [lane, own] = call.split('/');
      return {
        ...(own !== undefined && lane !== undefined && { lane }),
        callId: call,
        runId: `run-${call}`,
        agent: 'a',
        outcome: 'completed',
        ...times,
        attempts: [],
        for: to,
      };
    });
    await this.log.append({ number: this.segments, fence: 1, at: this.now, until, endings });
  }

  parts(): DeliveryParts {
    return {
      files: this.files,
      endings: this.log,
      bodyOf: (event) => {
        const callId = 'callId' in event ? event.callId : '';
        if (this.unreadable.has(callId)) return Promise.reject(new Error('away'));
        if (this.deleted.has(callId)) return Promise.resolve('deleted');
        return Promise.resolve({ text: callId });
      },
      send: async (_webhook, { text, isAfterGap = false }, signal) => {
        signal.throwIfAborted();
        this.got.push(text);
        if (isAfterGap) this.gaps.push(text);
        return this.answers(text);
      },
      onOutcome: () => undefined,
      retryMs: 3 * dayMs,
      marginMs: 60_000,
      now: () => this.now,
    };
  }

  open(changes: Partial<Webhook> = {}): Promise<Delivery> {
    return Delivery.open(this.parts(), { ...webhook, ...changes });
  }

  /** Does rounds until nothing is sent. */
  async deliver(delivery: Delivery, changes: Partial<Webhook> = {}): Promise<void> {
    while ((await delivery.round({ ...webhook, ...changes }, ends)) === 'sent');
    await delivery.save();
  }

  /** Has so many events parked, one each ms, since the receiver is down. The receiver is up again then. */
  async park(count: number): Promise<{ readonly from: number; readonly to: number }> {
    const from = this.now;
    for (let call = 0; call < count; call++) {
      await this.append([String(call)]);
      this.now += 1;
    }
    const to = this.now - 1;
    const delivery = await this.open();
    this.answers = down;
    await this.deliver(delivery);
    this.now += 3 * dayMs;
    await this.deliver(delivery);
    this.answers = up;
    this.got = [];
    return { from, to };
  }

  /** The log of deliveries, the newest first. */
  async logged(): Promise<DeliveryEntry[]> {
    const entries: DeliveryEntry[] = [];
    for await (const part of this.files.log('wh1', this.now + 3_600_000, this.now - 30 * dayMs))
      entries.push(...part.entries);
    return entries;
  }

  async state(): Promise<DeliveryState> {
    return (await this.files.readState('wh1')) ?? newDeliveries(1);
  }

  async parkedNow(): Promise<number> {
    return parkedSince(await this.state(), 0);
  }
}
