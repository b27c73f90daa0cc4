/** Implements the activity of the workflow `webhookDelivery`. */
import { Context } from '@temporalio/activity';
import type { DeliveryRest, DeliveryActivities } from '../../activities/deliveries.ts';
import type { Webhook } from '../../domain/webhook.ts';
import { delay } from '../../lib/delay.ts';
import { Delivery, type DeliveryParts } from './delivery.ts';
import type { WebhookDirectory } from './webhook-directory.ts';

const heartbeatMs = 3_000;
/** The pause between two looks into the log and at the webhook, and between two writes of what was done. */
const lookMs = 1_000;
/** How long an activity looks for further events after the last one. It is longer than the time between two wakes. */
export const lingerMs = 30_000;
/** How long one activity takes at most. The next one begins at once, on any worker. */
const longestMs = 300_000;

export interface DeliveryWork {
  readonly activities: DeliveryActivities;
  /** Ends the deliveries of this process. Call this when the worker stops: other workers continue at once. */
  handOver(): void;
}

interface Parts extends DeliveryParts {
  readonly directory: Pick<WebhookDirectory, 'find' | 'change'>;
}

export function createDeliveryWork({ directory, ...parts }: Parts): DeliveryWork {
  let stopping = new AbortController();

  async function deliver(
    { id, jobs, skip }: Parameters<DeliveryActivities['deliverEvents']>[0],
    { stop, end }: { readonly stop: AbortSignal; readonly end: AbortSignal },
  ): Promise<DeliveryRest> {
    let webhook = await directory.find(id);
    if (!webhook) {
      await parts.files.drop(id);
      return { removed: true };
    }
    const delivery = await Delivery.open(parts, webhook);
    // While it was off it was not woken, so a wake does not say what it has not read.
    if (skip && webhook.disabledAt === undefined) delivery.skip(skip);
    await delivery.add(jobs);
    let [savedAt, busyAt] = [performance.now(), performance.now()];
    let isQuiet = false;
    while (!end.aborted && webhook && webhook.disabledAt === undefined) {
      const asked: Webhook = webhook;
      const result = await delivery.round(asked, { stop, end });
      if (result === 'sent') busyAt = performance.now();
      const isIdle = result === 'nothing';
      if (isIdle || performance.now() - savedAt >= lookMs) {
        await delivery.save();
        savedAt = performance.now();
      }
      // Unless it has another URL by now: that one has not said so.
      if (result === 'gone' && (await directory.find(id)))
        await directory.change(id, { enabled: 'gone', ifUrl: asked.url });
      if (isIdle) {
        isQuiet = performance.now() - busyAt >= lingerMs;
        if (isQuiet) break;
        await delay(lookMs, end);
      }
      // Each round reads it anew, so that a change holds for all that is taken after it was answered.
      webhook = await directory.find(id).catch(async (error: unknown) => {
        await delivery.save();
        throw error;
      });
    }
    await delivery.save();
    if (!webhook) return { againInMs: 0 }; // The next activity deletes what is left.
    if (webhook.disabledAt !== undefined) return {};
    const { caughtUpAt } = delivery;
    const nextAt = delivery.nextAt(parts.now());
    // If it was ended early, an event may have come of which nobody wakes it: the next activity looks for it.
    if (!isQuiet) return { againInMs: 0 };
    return {
      ...(caughtUpAt !== undefined && { caughtUpAt }),
      ...(nextAt !== undefined && { againInMs: Math.max(0, nextAt - parts.now()) }),
    };
  }

  const activities: DeliveryActivities = {
    async deliverEvents(start) {
      const context = Context.current();
      const stop = stopping.signal;
      const end = AbortSignal.any([stop, context.cancellationSignal, AbortSignal.timeout(longestMs)]);
      const beat = setInterval(() => context.heartbeat(), heartbeatMs);
      try {
        return await deliver(start, { stop, end });
      } finally {
        clearInterval(beat);
      }
    },
  };
  const handOver = (): void => {
    stopping.abort();
    stopping = new AbortController();
  };
  return { activities, handOver };
}
