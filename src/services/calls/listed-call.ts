import { summaryOf, type ListedRun } from './call-summary.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { decodeListed, type ListedExecution } from '../temporal/visibility.ts';

/** Makes the summary of a run of a call that visibility has listed. */
export async function listedCall(temporal: Temporal, item: ListedExecution): Promise<ListedRun> {
  const info = await decodeListed(temporal, item);
  return { ...summaryOf(info), runId: info.runId };
}
