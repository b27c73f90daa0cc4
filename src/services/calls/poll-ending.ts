/** Waits for the end of a call with one long poll, and reads how it has ended. */
import type { CallResult } from '../../domain/call.ts';
import { Refusal } from '../../domain/failures.ts';
import { callWorkflowId } from '../../domain/ids.ts';
import { responseOf } from '../../domain/turn-text.ts';
import { loadText } from '../../payloads/store-refusals.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { readFailure, type CallEnding } from './call-ending.ts';
import { readProgress } from './call-execution.ts';

/**
 * Polls for the end of the call and returns it. Throws Temporal's error if the call has not ended by `until` (epoch ms), does
 * not exist, or cannot be polled.
 */
export async function pollEnding(
  temporal: Temporal,
  texts: TextStore,
  callId: string,
  until: number,
): Promise<CallEnding> {
  const handle = temporal.client.workflow.getHandle(callWorkflowId(callId));
  try {
    const result = await temporal.client.withDeadline(until, () => handle.result() as Promise<CallResult>);
    return await completedEnding(texts, result);
  } catch (error) {
    const ending = readFailure(error);
    if (ending) return withProgress(temporal, callId, ending);
    throw error;
  }
}

/**
 * Adds the attempts to an ending that lacks them. The failure of a cancelled or overdue call has no details, so its workflow is
 * queried for the attempts.
 */
async function withProgress(temporal: Temporal, callId: string, ending: CallEnding): Promise<CallEnding> {
  return ending.attempts ? ending : { ...ending, ...(await readProgress(temporal, callId)) };
}

/**
 * Makes the ending of a completed call and loads the answer's text. If the text is lost, the ending is the failure
 * `payload_lost`, with everything else that is known.
 */
export async function completedEnding(
  texts: TextStore,
  { response, ...rest }: CallResult,
): Promise<CallEnding> {
  try {
    return { status: 'completed', ...rest, response: await loadText(texts, responseOf({ response })) };
  } catch (error) {
    if (!(error instanceof Refusal && error.type === 'payload_lost')) throw error;
    const message = `${rest.agentName} answered, and its answer is lost. ${error.message}`;
    return { status: 'failed', ...rest, errorType: 'payload_lost', error: message };
  }
}
