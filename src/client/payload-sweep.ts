/** Deletes what nobody refers to any more from the payload store. */
import { batchWorkflowId, callWorkflowId, sessionWorkflowId } from '../domain/ids.ts';
import type { Owner, Texts } from '../payloads/texts.ts';
import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from './temporal.ts';

/** A text is written before its reference: for so long it may have none yet. */
const graceMs = 25 * 3_600_000;

/**
 * Texts of calls and batches whose retention is over, and of sessions that were deleted. `nowMs` by this machine's clock. Returns
 * how many owners' texts went. A workflow that cannot be looked at keeps its own.
 */
export async function sweepPayloads(temporal: Temporal, texts: Texts, nowMs: number): Promise<number> {
  let swept = 0;
  for (const kind of ['calls', 'sessions', 'batches'] as const)
    for await (const owner of texts.ownersOlderThan(kind, nowMs - graceMs)) {
      if (await exists(temporal, owner)) continue;
      await texts.drop(owner);
      swept += 1;
    }
  return swept;
}

const workflowIds = { calls: callWorkflowId, sessions: sessionWorkflowId, batches: batchWorkflowId };

async function exists(temporal: Temporal, { kind, id }: Owner): Promise<boolean> {
  const workflowId = workflowIds[kind](id);
  try {
    const { status } = await rpc(temporal, rpcTimeoutMs.read, () =>
      temporal.client.workflow.getHandle(workflowId).describe(),
    );
    // A closed session is one that was being deleted; an ended call or batch is kept until its retention is over.
    return kind !== 'sessions' || status.name === 'RUNNING';
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
