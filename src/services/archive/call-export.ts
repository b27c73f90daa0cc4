/** The histories of all calls that a filter is about, one after the other as they are taken. */
import { historyToJSON } from '../../temporal-sdk/history-json.ts';
import { pMapIterable } from 'p-map';
import { delay } from '../../lib/delay.ts';
import { listQuery, type CallFilter } from '../calls/call-filter.ts';
import { listedCall } from '../calls/listed-call.ts';
import { isNotFound, isUnanswered, rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';
import { count, listAll, type ListedExecution } from '../temporal/visibility.ts';

export interface CallHistory {
  readonly callId: string;
  readonly agentAsked: string;
  readonly answeredBy?: string;
  /** The JSON that the Web UI's import, the `temporal` CLI and `Worker.runReplayHistory` read, in one line. */
  readonly history: string;
}

/** Histories that are read before they are asked for. */
const readAhead = 4;
/** Of one read: an export may take long, and one slow answer should not end it. */
const patientTries = 4;
const firstPauseMs = 250;

/** How many there are just now; the export itself may find a few more or less. */
export function countCalls(temporal: Temporal, filter: CallFilter): Promise<number> {
  return count(temporal, listQuery(filter));
}

/** Running calls as far as they are. Throws the refusal `temporal_unavailable` when Temporal stays away. */
export async function* exportCalls(temporal: Temporal, filter: CallFilter): AsyncGenerator<CallHistory> {
  const found = listAll(temporal, listQuery(filter));
  const read = async (item: ListedExecution) => ({
    call: await listedCall(temporal, item),
    history: await historyOf(temporal, item),
  });
  const histories = pMapIterable(found, read, { concurrency: readAhead });
  for await (const { call, history } of histories) if (history !== undefined) yield { ...call, history };
}

/** Undefined if it was deleted meanwhile: lists lag. */
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

/** It is laid out; no line end is part of a text in JSON. */
function inOneLine(json: string): string {
  return json.replaceAll(/\n */g, '');
}
