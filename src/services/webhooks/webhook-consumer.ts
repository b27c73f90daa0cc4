/** Wakes the deliveries of the webhooks that want what the log of endings got. */
import pMap from 'p-map';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Ending } from '../../domain/ending.ts';
import { wakeSignal } from '../../workflows/messages.ts';
import { eventsOf, type Segment } from '../endings/ending-log.ts';
import type { EndingConsumer } from '../endings/ending-reader.ts';
import type { LogEnd } from '../endings/feed-state.ts';
import { isUnanswered, type Temporal } from '../temporal/rpc.ts';
import { signalDelivery } from './signal-delivery.ts';
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
  /** The first segment with events of each webhook since then. */
  private readonly untold = new Map<string, number>();
  /** The webhooks that were woken since they were seen to be switched off. */
  private readonly wokenOff = new Set<string>();

  /**
   * `retryMs` is how long a callback is tried. `isOn` says whether a webhook is switched on. One that is not is woken once: its
   * delivery then forgets that it has read the log to its end, so that a later wake skips nothing of what it has not sent.
   * `onFailed` is called with the webhook or call whose delivery Temporal does not take.
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
    await pMap(this.untold, ([id, number]) => this.wake(id, number), { concurrency });
  }

  async take(segment: Segment): Promise<void> {
    await pMap(callbacksIn(segment), (ending) => this.callBack(ending), { concurrency });
    this.note(segment);
    const due = [...this.untold].filter(([id]) => this.isDue(id));
    await pMap(due, ([id, number]) => this.wake(id, number), { concurrency });
    for (const [id] of due) if (!this.isOn(id)) this.wokenOff.add(id);
  }

  replace(): Promise<void> {
    return Promise.resolve(); // The new run's ending is an event of its own.
  }

  pass(): Promise<void> {
    return Promise.resolve();
  }

  private isDue(id: string): boolean {
    if (!this.isOn(id)) return !this.wokenOff.has(id);
    this.wokenOff.delete(id);
    return performance.now() - (this.wokenAt.get(id) ?? -Infinity) >= wakeEveryMs;
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
      this.untold.delete(id);
    } catch (error) {
      if (isUnanswered(error)) throw error;
      this.onFailed(id, error); // For example because it has too many signals. It is woken again later.
    }
    this.wokenAt.set(id, begin);
  }

  private note(segment: Segment): void {
    for (const id of wantersIn(segment)) if (!this.untold.has(id)) this.untold.set(id, segment.number);
  }
}

function callbacksIn({ endings }: Segment): Ending[] {
  return endings.filter(({ callback }) => callback);
}

function wantersIn(segment: Segment): Set<string> {
  return new Set(eventsOf(segment).flatMap((event) => event.for ?? []));
}
