/** Looking at one call's workflow execution. */
import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { CallProgress } from '../../domain/call.ts';
import { Refusal } from '../../domain/failures.ts';
import { callWorkflowId } from '../../domain/ids.ts';
import { callProgressQuery } from '../../workflows/messages.ts';
import type { CallStatus } from './call-ending.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';

/** Runs a read about a call. Throws the refusal `call_not_found`. */
export async function findCall<T>(temporal: Temporal, callId: string, read: () => Promise<T>): Promise<T> {
  try {
    return await rpc(temporal, rpcTimeoutMs.read, read);
  } catch (error) {
    if (isNotFound(error)) throw noSuchCall(callId);
    throw error;
  }
}

export function noSuchCall(callId: string): Refusal {
  return new Refusal('call_not_found', `Call '${callId}' is not known, or its retention is over`);
}

/** Throws the refusal `call_not_found`. */
export async function describeExecution(
  temporal: Temporal,
  callId: string,
): Promise<WorkflowExecutionDescription> {
  const execution = await describeWorkflow(temporal, callWorkflowId(callId));
  if (!execution) throw noSuchCall(callId);
  return execution;
}

/** What the workflow itself knows of its way. Undefined when no worker answers just now. */
export async function readProgress(temporal: Temporal, callId: string): Promise<CallProgress | undefined> {
  try {
    return await rpc(temporal, rpcTimeoutMs.read, () =>
      temporal.client.workflow.getHandle(callWorkflowId(callId)).query(callProgressQuery),
    );
  } catch {
    return undefined;
  }
}

/** Temporal's name of a workflow status, in Holdfast's words: TimedOut is a failure, Terminated a cancellation. */
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
