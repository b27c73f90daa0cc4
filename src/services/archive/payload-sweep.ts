/** Deletes what nobody refers to any more from the payload store. */
import { batchWorkflowId, callWorkflowId, sessionWorkflowId } from '../../domain/ids.ts';
import type { Owner } from '../../payloads/owners.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import type { Archive } from './archive.ts';
import { lifeIn } from '../sessions/session-deletions.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import type { Temporal } from '../temporal/rpc.ts';

/** A text is written before its reference: for so long it may have none yet. */
const graceMs = 25 * 3_600_000;

/** Owners whose place in the archive is looked up by one reading of its list. */
const perLook = 500;

/**
 * Texts of calls whose retention is over and that are not in the archive, of batches whose retention is over, and of
 * sessions that were deleted. `nowMs` by this machine's clock. Returns how many owners' texts went. A workflow that
 * cannot be looked at keeps its own.
 */
export async function sweepPayloads(
  temporal: Temporal,
  texts: TextStore,
  nowMs: number,
  archive?: Archive,
): Promise<number> {
  let swept = 0;
  for (const kind of ['calls', 'sessions', 'batches'] as const) {
    let gone: Owner[] = [];
    for await (const owner of texts.ownersOlderThan(kind, nowMs - graceMs)) {
      if (await exists(temporal, owner)) continue;
      if (gone.push(owner) < perLook) continue;
      swept += await dropUnarchived(texts, gone, archive);
      gone = [];
    }
    swept += await dropUnarchived(texts, gone, archive);
  }
  return swept;
}

async function dropUnarchived(
  texts: TextStore,
  owners: readonly Owner[],
  archive: Archive | undefined,
): Promise<number> {
  const calls = owners.filter(({ kind }) => kind === 'calls').map(({ id }) => id);
  const archived = calls.length > 0 && archive ? await archive.among(calls) : new Set<string>();
  const dropped = owners.filter(({ kind, id }) => kind !== 'calls' || !archived.has(id));
  for (const owner of dropped) await texts.drop(owner);
  return dropped.length;
}
const workflowIds = { calls: callWorkflowId, sessions: sessionWorkflowId, batches: batchWorkflowId };

async function exists(temporal: Temporal, { kind, id, life }: Owner): Promise<boolean> {
  const owner = await describeWorkflow(temporal, workflowIds[kind](id));
  if (!owner) return false;
  // An ended call or batch is kept until its retention is over, a closed session was being deleted.
  return kind !== 'sessions' || (owner.status.name === 'RUNNING' && lifeIn(owner.memo) === life);
}
