/** Streams the histories of all calls that match a filter. */
import { historyToJSON } from '../../temporal-sdk/history-json.ts';
import { pMapIterable } from 'p-map';
import { delay } from '../../lib/delay.ts';
import { listQuery, type CallFilter } from '../calls/call-filter.ts';
import { listedCall } from '../calls/listed-call.ts';
import { isNotFound, isUnanswered, rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';
import { count, listAll, type ListedExecution } from '../temporal/visibility.ts';

/** One exported call. */
export interface CallHistory {
  readonly callId: string;
  readonly agentAsked: string;
  readonly answeredBy?: string;
  /** The history as JSON, in one line. The Web UI's import, the `temporal` CLI and `Worker.runReplayHistory` can read it. */
  readonly history: string;
}

/** How many histories are read ahead of the consumer. */
const readAhead = 4;
/** How many times the reading of one history is tried. A long export should not fail because of one slow answer. */
const patientTries = 4;
const firstPauseMs = 250;

/** Returns how many calls match now. The export itself may find a few more or fewer. */
export function countCalls(temporal: Temporal, filter: CallFilter): Promise<number> {
  return count(temporal, listQuery(filter));
}

/**
 * Yields the history of each call that matches. The history of a running call ends at its latest event. Calls that are deleted
 * meanwhile are skipped. Throws the refusal `temporal_unavailable` if retries do not help.
 */
export async function* exportCalls(temporal: Temporal, filter: CallFilter): AsyncGenerator<CallHistory> {
  const found = listAll(temporal, listQuery(filter));
  const read = async (item: ListedExecution) => ({
    call: await listedCall(temporal, item),
    history: await historyOf(temporal, item),
  });
  const histories = pMapIterable(found, read, { concurrency: readAhead });
  for await (const { call, history } of histories) if (history !== undefined) yield { ...call, history };
}

/** Returns the history of a listed call as one line of JSON. Undefined if the call was deleted after it was listed. */
export async function historyOf(
  temporal: Temporal,
  { execution }: ListedExecution,
  maxTries = patientTries,
): Promise<string | undefined> {
  const handle = temporal.client.workflow.getHandle(
    execution?.workflowId ?? '',
    execution?.runId ?? undefined,
  );
  for (let tries = 1; ; tries++)
    try {
      return inOneLine(historyToJSON(await rpc(temporal, rpcTimeoutMs.read, () => handle.fetchHistory())));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (!isUnanswered(error) || tries >= maxTries) throw error;
      await delay(firstPauseMs * 2 ** tries);
    }
}

/** Removes the line breaks and indentation of formatted JSON. Strings in JSON contain no line breaks. */
function inOneLine(json: string): string {
  return json.replaceAll(/\n */g, '');
}
