/**
 * A batch of reruns: lists the matching calls once, then takes them page by page. Its history is small: at most
 * HOLDFAST_MAX_BATCH_CALLS calls are 500 pages of seven events each, far below where it would have to continue as new.
 */
import {
  ActivityCancellationType,
  ActivityFailure,
  CancellationScope,
  proxyActivities,
  setHandler,
  TimeoutFailure,
  upsertMemo,
} from '@temporalio/workflow';
import type { BatchActivities, PageReport } from '../activities/batches.ts';
import { addCounts, noCounts, type BatchInput, type BatchItem, type BatchProgress } from '../domain/batch.ts';
import { batchPagesQuery, cancelBatchSignal } from './messages.ts';

// A list of at most some ten thousand calls; repeated until the server and the payload store answer.
const { listBatch } = proxyActivities<BatchActivities>({
  startToCloseTimeout: '5 min',
  retry: { initialInterval: '1 s', maximumInterval: '30 s' },
});
// As long as its calls take; heartbeats find a dead worker, and the next attempt goes on from them.
const { rerunPage } = proxyActivities<BatchActivities>({
  startToCloseTimeout: '30 days',
  heartbeatTimeout: '10 s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1 s', maximumInterval: '10 s' },
});

export async function rerunBatch(batch: BatchInput): Promise<BatchProgress> {
  const reported: string[] = [];
  let listed: readonly string[] = [];
  let progress: BatchProgress = { ...noCounts, total: 0, cancelled: false };
  const starting = new CancellationScope();
  setHandler(batchPagesQuery, () => ({ listed, reported }));
  setHandler(cancelBatchSignal, () => {
    progress = { ...progress, cancelled: true };
    starting.cancel();
  });

  const { total, pages } = await listBatch(batch);
  listed = pages;
  progress = { ...progress, total };
  for (const pageKey of pages) {
    if (progress.cancelled) break;
    upsertMemo({ progress });
    const report = await runPage(batch, pageKey, starting);
    reported.push(report.key);
    progress = { ...progress, ...addCounts(progress, report.counts) };
  }
  upsertMemo({ progress });
  return progress;
}

/** A page whose attempt was cancelled and then lost is waited for by another that starts nothing. */
async function runPage(batch: BatchInput, pageKey: string, starting: CancellationScope): Promise<PageReport> {
  let earlier: readonly BatchItem[] = [];
  for (;;) {
    const startNothing = starting.consideredCancelled;
    const page = { batch, pageKey, earlier, startNothing };
    try {
      return startNothing
        ? await CancellationScope.nonCancellable(() => rerunPage(page))
        : await starting.run(() => rerunPage(page));
    } catch (error) {
      if (!starting.consideredCancelled || startNothing) throw error;
      const cause = error instanceof ActivityFailure ? error.cause : undefined;
      if (cause instanceof TimeoutFailure)
        earlier = (cause.lastHeartbeatDetails as readonly BatchItem[] | undefined) ?? [];
    }
  }
}
