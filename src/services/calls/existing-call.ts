/**
 * Reads one run of a call with one RPC. The first event of its history has what the call was started with, the last one has the
 * end. Both are of the same run, also if the call is deleted and accepted again meanwhile.
 */
import proto from '@temporalio/proto';
import type { CallInput } from '../../domain/call.ts';
import { callWorkflowId } from '../../domain/ids.ts';
import { decodePayload, readPayload } from '../../temporal-sdk/payloads.ts';
import { tsToMs } from '../../temporal-sdk/timestamps.ts';
import type { HistoryEvent } from '../call-events/call-facts.ts';
import type { RerunMemo } from '../reruns/rerun-memo.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { endOf, type CallEnd, type CallStatus } from './call-ending.ts';
import { findCall, noSuchCall } from './call-execution.ts';

const { WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW } = proto.temporal.api.enums.v1.WorkflowTaskFailedCause;

/** The memo that a call is started with. */
export interface CallMemo {
  /** HMAC of the request that started the call. */
  readonly fingerprint: string;
  readonly rerun?: RerunMemo | undefined;
  /** Whether the call has a callback_url. */
  readonly callback?: true;
}

/** One run of a call. */
export interface CallRun {
  readonly input: CallInput;
  /** The fingerprint of the request that started the call. */
  readonly fingerprint: string | undefined;
  /** Epoch ms, by Temporal's clock. */
  readonly startedAt: number;
  /** How the run has ended. Absent while it runs. */
  readonly end?: CallEnd;
  /** The run from which somebody reset the call in Temporal, if this run began so. */
  readonly resetFrom?: string;
}

/** What a request needs to know of the call that exists under its id. */
export interface ExistingCall {
  readonly fingerprint: string | undefined;
  readonly status: CallStatus;
  /** The call's session, and the life of it that granted the turn. */
  readonly sessionId: string | undefined;
  readonly life: string | undefined;
  /** How the call has ended. Absent while it runs. */
  readonly end?: CallEnd | undefined;
}

/** Reads the newest run of the call. Throws the refusals `call_not_found` and `temporal_unavailable`. */
export async function readExistingCall(temporal: Temporal, callId: string): Promise<ExistingCall> {
  const { input, fingerprint, end } = await readCallRun(temporal, callId);
  const status = end ? (end.failure?.status ?? 'completed') : 'running';
  return { fingerprint, status, sessionId: input.sessionId, life: input.turn?.life, end };
}

/** Reads a run of the call, by default the newest. Throws the refusals `call_not_found` and `temporal_unavailable`. */
export async function readCallRun(temporal: Temporal, callId: string, runId?: string): Promise<CallRun> {
  const { events } = await findCall(temporal, callId, () =>
    temporal.client.workflow.getHandle(callWorkflowId(callId), runId).fetchHistory(),
  );
  return callRunIn(callId, events ?? []);
}

/** Reads a run of the call from its history. Throws the refusal `call_not_found` if the history does not begin with its start. */
export function callRunIn(callId: string, events: readonly HistoryEvent[]): CallRun {
  const [first] = events;
  const started = first?.workflowExecutionStartedEventAttributes;
  const input = readPayload<CallInput>(started?.input);
  if (!first || !input) throw noSuchCall(callId);
  const kept = started?.memo?.fields?.['fingerprint'];
  const last = events.at(-1);
  const end = last && endOf(last);
  const resetFrom = baseRunOf(events);
  return {
    input,
    fingerprint: kept && decodePayload<CallMemo['fingerprint']>(kept),
    startedAt: tsToMs(first.eventTime),
    ...(end && { end }),
    ...(resetFrom !== undefined && { resetFrom }),
  };
}

/** Returns the run that was reset, if a reset began the run with this history. */
function baseRunOf(events: readonly HistoryEvent[]): string | undefined {
  const reset = events.findLast(
    ({ workflowTaskFailedEventAttributes: failed }) =>
      failed?.cause === WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW,
  );
  return reset?.workflowTaskFailedEventAttributes?.baseRunId ?? undefined;
}
