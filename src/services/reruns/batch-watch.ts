/** Looks at one batch of reruns again and again, for all who see its progress. */
import { isDeepStrictEqual } from 'node:util';
import type { BatchSummary, Batches } from './batches.ts';
import { delay } from '../../lib/delay.ts';
import type { Watcher } from '../../lib/shared-watch.ts';
import { isUnanswered } from '../temporal/rpc.ts';

const lookEveryMs = 1_000;

/** The batch as it is and whenever it has changed, until it has ended. */
export function watchBatch(batches: Batches): Watcher<string, BatchSummary> {
  return async (batchId, publish, signal) => {
    let latest: BatchSummary | undefined;
    while (!signal.aborted) {
      try {
        const batch = await batches.describe(batchId);
        if (!isDeepStrictEqual(batch, latest)) publish((latest = batch));
        if (batch.status !== 'running') return;
      } catch (error) {
        // Who comes while Temporal is away is refused; who is there already waits for it.
        if (!isUnanswered(error) || !latest) throw error;
      }
      await delay(lookEveryMs, signal);
    }
  };
}
