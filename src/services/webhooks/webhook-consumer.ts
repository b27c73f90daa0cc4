/** Wakes the deliveries of the webhooks that want what the log of endings got. */
import pMap from 'p-map';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Ending } from '../../domain/ending.ts';
import { wakeSignal } from '../../workflows/messages.ts';
import { eventsOf, type Segment } from '../endings/ending-log.ts';
import type { EndingConsumer } from '../endings/ending-reader.ts';
import type { LogEnd } from '../endings/feed-state.ts';
import { isUnanswered, type Temporal } from '../temporal/rpc.ts';
import { signalDelivery } from './start-delivery.ts';
import { startCallback } from './start-callback.ts';

/**
 * A delivery is woken at most so often, in ms: once it runs, it looks into the log by itself, for longer than this
 * (delivery-work.ts).
 */
const wakeEveryMs = 20_000;
const concurrency = 8;

export class WebhookConsumer implements EndingConsumer {
  private readonly temporal: Temporal;
  private readonly retryMs: number;
  private readonly isOn: (webhookId: string) => boolean;
  private readonly onFailed: (id: string, error: unknown) => void;
  /** When each delivery was woken, in ms by a clock that only runs forward. */
  private readonly wokenAt = new Map<string, number>();
  /** The first segment with events of each webhook that was not woken for it. */
  private readonly unwoken = new Map<string, number>();
  /**
   * `retryMs` is how long a callback is tried. `isOn` says whether a webhook is switched on. One that is not is not woken: its
   * delivery has forgotten when it was switched off that it has read the log to its end, so a later wake skips nothing of what
   * it has not sent. `onFailed` is called with the webhook or call whose delivery Temporal does not take.
   */
  constructor(
    temporal: Temporal,
    retryMs: number,
    isOn: (webhookId: string) => boolean,
    onFailed: (id: string, error: unknown) => void,
  ) {
    this.temporal = temporal;
    this.retryMs = retryMs;
    this.isOn = isOn;
    this.onFailed = onFailed;
  }

  /** Wakes again for the newest segments: the reader before may have died before it did. */
  async resume({ segments }: LogEnd): Promise<void> {
    await pMap(segments.flatMap(callbacksIn), (ending) => this.callBack(ending), { concurrency });
    for (const segment of segments) this.note(segment);
    await pMap(this.unwoken, ([id, number]) => this.wake(id, number), { concurrency });
  }

  async take(segment: Segment): Promise<void> {
    await pMap(callbacksIn(segment), (ending) => this.callBack(ending), { concurrency });
    this.note(segment);
    const due = [...this.unwoken].filter(([id]) => this.isDue(id));
    await pMap(due, ([id, number]) => this.wake(id, number), { concurrency });
  }

  private isDue(id: string): boolean {
    return this.isOn(id) && performance.now() - (this.wokenAt.get(id) ?? -Infinity) >= wakeEveryMs;
  }

  /** Starts the delivery of a callback, once. */
  private async callBack(ending: Ending): Promise<void> {
    try {
      await startCallback(this.temporal, ending, this.retryMs);
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return;
      if (isUnanswered(error)) throw error;
      this.onFailed(ending.callId, error);
    }
  }

  private async wake(id: string, segment: number): Promise<void> {
    const begin = performance.now();
    try {
      await signalDelivery(this.temporal, id, wakeSignal, [segment]);
      this.unwoken.delete(id);
    } catch (error) {
      if (isUnanswered(error)) throw error;
      this.onFailed(id, error); // For example because it has too many signals. This reader wakes it again later.
    }
    this.wokenAt.set(id, begin);
  }

  private note(segment: Segment): void {
    for (const id of wantersIn(segment)) if (!this.unwoken.has(id)) this.unwoken.set(id, segment.number);
  }
}

function callbacksIn({ endings }: Segment): Ending[] {
  return endings.filter(({ callback }) => callback);
}

function wantersIn(segment: Segment): Set<string> {
  return new Set(eventsOf(segment).flatMap((event) => event.for ?? []));
}
