import { summaryOf, type CallSummary } from './call-summary.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { decodeListed, type ListedExecution } from '../temporal/visibility.ts';

/** Makes the summary of a call that visibility has listed. */
export async function listedCall(temporal: Temporal, item: ListedExecution): Promise<CallSummary> {
  return summaryOf(await decodeListed(temporal, item));
}
