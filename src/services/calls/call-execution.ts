/** Reads information about the workflow execution of one call. */
import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { CallProgress } from '../../domain/call.ts';
import { Refusal } from '../../domain/failures.ts';
import { callWorkflowId } from '../../domain/ids.ts';
import { callProgressQuery } from '../../workflows/messages.ts';
import type { CallStatus } from './call-ending.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';

/** Runs `read` with the deadline that reads have. Throws the refusals `call_not_found` and `temporal_unavailable`. */
export async function findCall<T>(temporal: Temporal, callId: string, read: () => Promise<T>): Promise<T> {
  try {
    return await rpc(temporal, rpcTimeoutMs.read, read);
  } catch (error) {
    if (isNotFound(error)) throw noSuchCall(callId);
    throw error;
  }
}

/** Makes the refusal for an unknown call id. */
export function noSuchCall(callId: string): Refusal {
  return new Refusal('call_not_found', `Call '${callId}' is not known, or its retention is over`);
}

/** Describes the newest run of the call. Throws the refusals `call_not_found` and `temporal_unavailable`. */
export async function describeExecution(
  temporal: Temporal,
  callId: string,
): Promise<WorkflowExecutionDescription> {
  const execution = await describeWorkflow(temporal, callWorkflowId(callId));
  if (!execution) throw noSuchCall(callId);
  return execution;
}

/** Queries the workflow for its chain and attempts so far. Undefined if no worker answers. */
export async function readProgress(temporal: Temporal, callId: string): Promise<CallProgress | undefined> {
  try {
    return await rpc(temporal, rpcTimeoutMs.read, () =>
      temporal.client.workflow.getHandle(callWorkflowId(callId)).query(callProgressQuery),
    );
  } catch {
    return undefined;
  }
}

/** Translates Temporal's name of a workflow status. A timed-out call has failed, a terminated one was cancelled. */
export function callStatusOf(name: string): CallStatus {
  switch (name) {
    case 'RUNNING':
    case 'PAUSED':
      return 'running';
    case 'COMPLETED':
      return 'completed';
    case 'CANCELLED':
    case 'TERMINATED':
      return 'cancelled';
    default:
      return 'failed';
  }
}
