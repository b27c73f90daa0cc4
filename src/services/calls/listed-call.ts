import { summaryOf, type CallSummary } from './call-summary.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { decodeListed, type ListedExecution } from '../temporal/visibility.ts';

/** What a list tells of one of its calls. */
export async function listedCall(temporal: Temporal, item: ListedExecution): Promise<CallSummary> {
  return summaryOf(await decodeListed(temporal, item));
}
