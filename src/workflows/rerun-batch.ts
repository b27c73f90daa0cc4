/**
 * A batch of reruns: lists the matching calls once, then reruns them page by page. The history stays small: the most calls
 * that HOLDFAST_MAX_BATCH_CALLS allows are 500 pages of seven events each, so continue-as-new is not needed.
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

// Lists up to 50,000 calls. Retried until Temporal and the payload store answer.
const { listBatch } = proxyActivities<BatchActivities>({
  startToCloseTimeout: '5 min',
  retry: { initialInterval: '1 s', maximumInterval: '30 s' },
});
// Runs as long as the page's calls. Heartbeats detect a dead worker, and the retry resumes from the last heartbeat.
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

/**
 * Runs the page's calls and waits for their ends. If the worker is lost after the batch was cancelled, the activity is
 * scheduled again to wait for the reruns that had started, without starting more.
 */
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
