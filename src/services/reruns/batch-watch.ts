/** Polls a batch of reruns, once for all clients that follow it (lib/shared-watch.ts). */
import { isDeepStrictEqual } from 'node:util';
import type { BatchSummary, Batches } from './batches.ts';
import { delay } from '../../lib/delay.ts';
import type { Watcher } from '../../lib/shared-watch.ts';
import { isUnanswered } from '../temporal/rpc.ts';

const pollEveryMs = 1_000;

/** Publishes the batch at once and after every change, until it has ended. Throws `Refusal` if the first read fails. */
export function watchBatch(batches: Batches): Watcher<string, BatchSummary> {
  return async (batchId, publish, signal) => {
    let latest: BatchSummary | undefined;
    while (!signal.aborted) {
      try {
        const batch = await batches.describe(batchId);
        if (!isDeepStrictEqual(batch, latest)) publish((latest = batch));
        if (batch.status !== 'running') return;
      } catch (error) {
        // While Temporal is unavailable, new followers are refused and the present ones wait.
        if (!isUnanswered(error) || !latest) throw error;
      }
      await delay(pollEveryMs, signal);
    }
  };
}
