import type { WorkflowExecutionDescription } from '@temporalio/client';
import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from './rpc.ts';

/**
 * Describes one run of a workflow, by default the newest. Undefined if Temporal has no such run: it never ran, its retention is
 * over, or it was deleted. Throws the refusal `temporal_unavailable` if no answer comes within `timeoutMs`.
 */
export async function describeWorkflow(
  temporal: Temporal,
  workflowId: string,
  { runId, timeoutMs = rpcTimeoutMs.read }: { runId?: string | undefined; timeoutMs?: number } = {},
): Promise<WorkflowExecutionDescription | undefined> {
  const handle = temporal.client.workflow.getHandle(workflowId, runId);
  try {
    return await rpc(temporal, timeoutMs, () => handle.describe());
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
