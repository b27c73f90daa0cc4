/**
 * Reads the call that exists under the id of a request, with one RPC. The first event of its history has what the request is
 * compared with, the last one has the end. Both are of the same run, also if the call is deleted and accepted again meanwhile.
 */
import type { CallInput, CallResult } from '../../domain/call.ts';
import { callWorkflowId } from '../../domain/ids.ts';
import { decodePayload, readPayload } from '../../temporal-sdk/payloads.ts';
import type { HistoryEvent } from '../call-events/call-facts.ts';
import type { RerunMemo } from '../reruns/rerun-memo.ts';
import type { Temporal } from '../temporal/rpc.ts';
import type { CallStatus } from './call-ending.ts';
import { findCall, noSuchCall } from './call-execution.ts';

/** The memo that a call is started with. */
export interface CallMemo {
  /** HMAC of the request that started the call. */
  readonly fingerprint: string;
  readonly rerun?: RerunMemo | undefined;
}

/** What a request needs to know of the call that exists under its id. */
export interface ExistingCall {
  /** The fingerprint of the request that started the call. */
  readonly fingerprint: string | undefined;
  readonly status: CallStatus;
  readonly sessionId: string | undefined;
  /** The result, if the call has completed. A large answer is a reference to the payload store. */
  readonly result?: CallResult | undefined;
}

/** Reads the newest run of the call. Throws the refusals `call_not_found` and `temporal_unavailable`. */
export async function readExistingCall(temporal: Temporal, callId: string): Promise<ExistingCall> {
  const { events } = await findCall(temporal, callId, () =>
    temporal.client.workflow.getHandle(callWorkflowId(callId)).fetchHistory(),
  );
  const started = events?.[0]?.workflowExecutionStartedEventAttributes;
  const input = readPayload<CallInput>(started?.input);
  if (!input) throw noSuchCall(callId);
  const kept = started?.memo?.fields?.['fingerprint'];
  const last = events?.at(-1);
  return {
    fingerprint: kept && decodePayload<CallMemo['fingerprint']>(kept),
    status: last ? statusAfter(last) : 'running',
    sessionId: input.sessionId,
    result: readPayload<CallResult>(last?.workflowExecutionCompletedEventAttributes?.result),
  };
}

/** Returns the status of a call whose last event is `last`. */
function statusAfter(last: HistoryEvent): CallStatus {
  if (last.workflowExecutionCompletedEventAttributes) return 'completed';
  if (last.workflowExecutionCanceledEventAttributes ?? last.workflowExecutionTerminatedEventAttributes)
    return 'cancelled';
  if (last.workflowExecutionFailedEventAttributes ?? last.workflowExecutionTimedOutEventAttributes)
    return 'failed';
  return 'running';
}
