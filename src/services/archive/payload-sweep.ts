/** Garbage collection of the payload store: deletes the texts whose owner no longer exists, and old figures. */
import { stepMs } from '../../domain/figures-step.ts';
import { batchWorkflowId, callWorkflowId, sessionWorkflowId } from '../../domain/ids.ts';
import type { Owner } from '../../payloads/owners.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import type { Archive } from './archive.ts';
import type { FigureFiles } from '../figures/figure-files.ts';
import { lifeIn } from '../sessions/session-deletions.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import type { Temporal } from '../temporal/rpc.ts';

/** Texts that are younger than this are kept, because a text is written before the workflow that refers to it exists. */
const graceMs = 25 * 3_600_000;

/** How many owners are looked up with one listing of the archive. */
const perLook = 500;

/**
 * Deletes the texts of calls whose retention is over and that are not in the archive, of batches whose retention is over,
 * and of sessions that were deleted. `nowMs` is epoch ms by this machine's clock. Returns how many owners' texts were
 * deleted. If an owner cannot be looked up, it throws the refusal `temporal_unavailable`, and the rest stay.
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

/** Deletes the figures of days that were over `days` days before `nowMs` (epoch ms). Throws `PayloadStoreError`. */
export function sweepFigures(figures: FigureFiles, nowMs: number, days: number): Promise<number> {
  return figures.dropBefore(nowMs - days * stepMs.day);
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
  // A call or batch that has ended keeps its texts until its retention is over. A closed session is being deleted.
  if (kind !== 'sessions') return true;
  const itsLife = lifeIn(owner.memo);
  // Earlier versions stored the texts of imported sessions under a life, but started the sessions without one.
  return owner.status.name === 'RUNNING' && (itsLife === undefined || itsLife === life);
}
