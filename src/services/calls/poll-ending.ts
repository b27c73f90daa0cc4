/** Waits for the end of a call with one long poll, and loads what a client needs of it. */
import proto, { type temporal } from '@temporalio/proto';
import type { CallProgress, CallResult } from '../../domain/call.ts';
import { Refusal } from '../../domain/failures.ts';
import { callWorkflowId } from '../../domain/ids.ts';
import { responseOf } from '../../domain/turn-text.ts';
import { loadText } from '../../payloads/store-refusals.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { endOf, type CallEnd, type CallEnding } from './call-ending.ts';
import { readProgress } from './call-execution.ts';

type Page = temporal.api.workflowservice.v1.IGetWorkflowExecutionHistoryResponse;

const { HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT } = proto.temporal.api.enums.v1.HistoryEventFilterType;

/**
 * Polls for the end of the call and returns it. Throws Temporal's error if the call has not ended by `until` (epoch ms), does
 * not exist, or cannot be polled.
 */
export async function pollEnd(
  { client, namespace }: Temporal,
  callId: string,
  until: number,
): Promise<CallEnd> {
  const request = {
    namespace,
    execution: { workflowId: callWorkflowId(callId) },
    skipArchival: true,
    waitNewEvent: true,
    historyEventFilterType: HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
  };
  return client.withDeadline(until, async () => {
    let token: Uint8Array | undefined;
    for (;;) {
      const { history, nextPageToken }: Page = await client.workflowService.getWorkflowExecutionHistory({
        ...request,
        ...(token && { nextPageToken: token }),
      });
      const last = history?.events?.at(-1);
      const end = last && endOf(last);
      if (end && !end.byReset) return end;
      token = end ? undefined : nextPageToken; // Without a token the newest run is polled.
    }
  });
}

/**
 * Makes the ending that clients get. The failure of a cancelled or overdue call has no details, so its workflow is queried for
 * the attempts.
 */
export async function endingOf(
  temporal: Temporal,
  texts: TextStore,
  callId: string,
  { result, failure }: CallEnd,
): Promise<CallEnding> {
  if (result) return completedEnding(texts, result);
  if (!failure) throw new Error('A call ends with a result or a failure');
  if (failure.attempts) return failure;
  const progress = await readProgress(temporal, callId);
  return { ...failure, ...(progress ?? (await interruptionOf(temporal, callId))) };
}

/** Reads which call has interrupted this one, which its memo says too. Empty if none has, or that cannot be read. */
async function interruptionOf(
  temporal: Temporal,
  callId: string,
): Promise<Pick<CallProgress, 'supersededBy'>> {
  const call = await describeWorkflow(temporal, callWorkflowId(callId)).catch(() => undefined);
  const supersededBy: unknown = call?.memo?.['supersededBy'];
  return typeof supersededBy === 'string' ? { supersededBy } : {};
}

/**
 * Makes the ending of a completed call and loads the answer's text. If the text is lost, the ending is the failure
 * `payload_lost`, with everything else that is known.
 */
async function completedEnding(texts: TextStore, { response, ...rest }: CallResult): Promise<CallEnding> {
  try {
    return { status: 'completed', ...rest, response: await loadText(texts, responseOf({ response })) };
  } catch (error) {
    if (!(error instanceof Refusal && error.type === 'payload_lost')) throw error;
    const message = `${rest.agentName} answered, and its answer is lost. ${error.message}`;
    return { status: 'failed', ...rest, errorType: 'payload_lost', error: message };
  }
}
