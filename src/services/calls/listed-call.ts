import { executionInfoFromRaw } from '../../temporal-sdk/raw-answers.ts';
import { summaryOf, type CallSummary } from './call-summary.ts';
import type { Temporal } from '../temporal/rpc.ts';
import type { ListedExecution } from '../temporal/visibility.ts';

/** What a list tells of one of its calls. */
export async function listedCall(
  { client, namespace }: Temporal,
  item: ListedExecution,
): Promise<CallSummary> {
  return summaryOf(await executionInfoFromRaw(item, client.options.loadedDataConverter, item, namespace));
}
