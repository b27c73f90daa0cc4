/** Implements the activities of the workflow `rerunBatch`. */
import { setMaxListeners } from 'node:events';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { BatchActivities, PageRequest } from '../../activities/batches.ts';
import { countItems, type BatchItem } from '../../domain/batch.ts';
import { PayloadLostError } from '../../payloads/payload-store.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import { listItems } from './batch-list.ts';
import { itemsPerPage, loadItems, storeItems } from './batch-pages.ts';
import { delay } from '../../lib/delay.ts';
import { rerunItem, type BatchDependencies } from './rerun-item.ts';

const heartbeatMs = 1_000;

/** Creates the activities. `maxCalls` limits the calls of one batch. */
export function createBatchWork(deps: BatchDependencies, maxCalls: number): BatchActivities {
  return {
    async listBatch(batch) {
      const items = await listItems(deps, batch, maxCalls);
      const pages: string[] = [];
      for (let at = 0; at < items.length; at += itemsPerPage)
        pages.push(await storeItems(deps.texts, batch.batchId, items.slice(at, at + itemsPerPage)));
      return { total: items.length, pages };
    },

    async rerunPage(request) {
      const context = Context.current();
      const known = (context.info.heartbeatDetails as BatchItem[] | undefined) ?? request.earlier;
      const items = known.length > 0 ? [...known] : [...(await loadPage(deps.texts, request.pageKey))];
      const beat = setInterval(() => context.heartbeat(items), heartbeatMs);
      try {
        await runPage(deps, request, items, context);
        return { counts: countItems(items), key: await storeItems(deps.texts, request.batch.batchId, items) };
      } finally {
        clearInterval(beat);
        context.heartbeat(items);
      }
    },
  };
}

/** Loads a page. A lost page cannot be recovered, so the error is not retried and the batch fails with it. */
async function loadPage(texts: TextStore, key: string): Promise<readonly BatchItem[]> {
  try {
    return await loadItems(texts, key);
  } catch (error) {
    if (!(error instanceof PayloadLostError)) throw error;
    throw ApplicationFailure.create({ type: 'payload_lost', message: error.message, nonRetryable: true });
  }
}

/** Reruns the items of a page, at the batch's rate and concurrency. Replaces each item by its outcome. */
async function runPage(
  deps: BatchDependencies,
  { batch, startNothing }: PageRequest,
  items: BatchItem[],
  context: Context,
): Promise<void> {
  const stopped = new AbortController(); // This worker stops; another one continues the page.
  const cancelled = new AbortController();
  if (startNothing) cancelled.abort();
  const onCancel = (): void => {
    const { workerShutdown, timedOut, notFound } = context.cancellationDetails ?? {};
    if (workerShutdown || timedOut || notFound) stopped.abort();
    else cancelled.abort();
  };
  context.cancellationSignal.addEventListener('abort', onCancel, { once: true });
  if (context.cancellationSignal.aborted) onCancel();
  const inFlight = new Set<Promise<void>>();
  setMaxListeners(0, stopped.signal, cancelled.signal); // One per call in flight.
  const noMoreStarts = AbortSignal.any([stopped.signal, cancelled.signal]);
  let nextStartAt = 0;
  for (const [index, item] of items.entries()) {
    if (item.outcome !== 'pending' && item.outcome !== 'running') continue;
    while (inFlight.size >= batch.maxInFlight && !stopped.signal.aborted) await Promise.race(inFlight);
    if (item.outcome === 'pending') await delay(nextStartAt - Date.now(), noMoreStarts);
    if (stopped.signal.aborted) break;
    if (item.outcome === 'pending') nextStartAt = Date.now() + 1_000 / batch.ratePerSecond;
    const signals = { starting: cancelled.signal, waiting: stopped.signal };
    const work = rerunItem(deps, batch, item, signals, (changed) => (items[index] = changed));
    const tracked = work.finally(() => inFlight.delete(tracked));
    inFlight.add(tracked);
  }
  await Promise.all(inFlight);
  if (stopped.signal.aborted)
    throw ApplicationFailure.create({
      type: 'worker_shutdown',
      message: 'The worker stopped',
      nonRetryable: false,
    });
}
