/** Sends how one call has ended to its `callback_url`. Temporal repeats it, for as long as events of webhooks are tried. */
import { proxyActivities } from '@temporalio/workflow';
import type { CallbackActivities, CallbackDelivered } from '../activities/deliveries.ts';
import type { Ending } from '../domain/ending.ts';

export async function callbackDelivery(ending: Ending, retryMs: number): Promise<CallbackDelivered> {
  // A try takes HOLDFAST_WEBHOOK_TIMEOUT_SECONDS (60 s at most), and the call is read before it. It ends by itself, so it has no
  // heartbeat: whoever terminates this workflow does not cut a request off. The pauses are those that its failures name.
  const { deliverCallback } = proxyActivities<CallbackActivities>({
    startToCloseTimeout: '90 s',
    scheduleToCloseTimeout: retryMs,
    retry: { initialInterval: '5 s', maximumInterval: '15 min' },
  });
  return deliverCallback(ending);
}
