/** Reads the rows of calls that the index has found. */
import pMap from 'p-map';
import { runKey } from '../../domain/cache-keys.ts';
import { callWorkflowId } from '../../domain/ids.ts';
import { summaryOf, type ListedRun } from '../calls/call-summary.ts';
import { listedCall } from '../calls/listed-call.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import { endedAmongQuery } from '../temporal/queries.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { listAll } from '../temporal/visibility.ts';
import type { IndexedCall } from './ending-index.ts';

/** How many calls one query names, and how many queries and descriptions are sent at once. */
const idsAtOnce = 100;
const readsAtOnce = 8;

/**
 * Returns the rows of those calls that exist, by run. `known` are rows that were listed just now. A call that Temporal does not
 * list is described before it counts as deleted: its lists may lag. Throws the refusal `temporal_unavailable`.
 */
export async function readRows(
  temporal: Temporal,
  calls: readonly IndexedCall[],
  known: ReadonlyMap<string, ListedRun>,
): Promise<Map<string, ListedRun>> {
  const rows = new Map<string, ListedRun>();
  const missing = new Map<string, IndexedCall>();
  for (const call of calls) {
    const row = known.get(runKey(call));
    if (row) rows.set(runKey(call), row);
    else missing.set(runKey(call), call);
  }
  const all = [...missing.values()];
  const chunks = Array.from({ length: Math.ceil(all.length / idsAtOnce) }, (_none, index) =>
    all.slice(index * idsAtOnce, (index + 1) * idsAtOnce),
  );
  await pMap(chunks, (chunk) => list(temporal, chunk, rows, missing), { concurrency: readsAtOnce });
  await pMap(missing.values(), (call) => describe(temporal, call, rows), { concurrency: readsAtOnce });
  return rows;
}

async function list(
  temporal: Temporal,
  calls: readonly IndexedCall[],
  rows: Map<string, ListedRun>,
  missing: Map<string, IndexedCall>,
): Promise<void> {
  const query = endedAmongQuery(calls.map(({ callId }) => callId));
  for await (const item of listAll(temporal, query)) {
    const row = await listedCall(temporal, item);
    if (missing.delete(runKey(row))) rows.set(runKey(row), row);
  }
}

async function describe(
  temporal: Temporal,
  { callId, runId }: IndexedCall,
  rows: Map<string, ListedRun>,
): Promise<void> {
  const info = await describeWorkflow(temporal, callWorkflowId(callId), { runId });
  if (info) rows.set(runKey({ callId, runId }), { ...summaryOf(info), runId });
}
