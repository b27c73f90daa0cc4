/** Finds out how a batch of reruns ended that Temporal lists as closed. */
import type { BatchEnded } from '../../domain/feed-event.ts';
import { endOf } from '../calls/call-ending.ts';
import { batchSummaryOf } from '../reruns/batches.ts';
import { isUnanswered, rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';
import { decodeListed, type ListedExecution } from '../temporal/visibility.ts';

/**
 * Returns the end of a batch. Undefined if the batch goes on: continued as new, or in another run because somebody has reset it.
 * Only of a terminated batch the history is read. Throws the refusal `temporal_unavailable`.
 */
export async function endedBatch(temporal: Temporal, item: ListedExecution): Promise<BatchEnded | undefined> {
  const info = await decodeListed(temporal, item);
  if (info.status.name === 'CONTINUED_AS_NEW') return undefined;
  if (info.status.name === 'TERMINATED' && (await wasReset(temporal, info))) return undefined;
  const {
    batchId,
    status,
    progress,
    startedAt,
    endedAt = startedAt,
  } = batchSummaryOf({ ...info, memo: info.memo ?? {} }, []);
  return {
    type: 'batch.ended',
    batchId,
    runId: info.runId,
    status: status === 'running' ? 'failed' : status,
    startedAt: startedAt.getTime(),
    endedAt: endedAt.getTime(),
    progress,
  };
}

async function wasReset(
  temporal: Temporal,
  { workflowId, runId }: { readonly workflowId: string; readonly runId: string },
): Promise<boolean> {
  const handle = temporal.client.workflow.getHandle(workflowId, runId);
  try {
    const { events } = await rpc(temporal, rpcTimeoutMs.read, () => handle.fetchHistory());
    const last = events?.at(-1);
    return last !== undefined && endOf(last)?.byReset === true;
  } catch (error) {
    if (isUnanswered(error)) throw error;
    return false; // It was deleted since, or nobody can read it.
  }
}
