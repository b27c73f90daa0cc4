import type { Client } from '@temporalio/client';

/** Resets the call to the end of its first workflow task, as the Temporal Web UI does it. */
export function resetRun(temporal: Client, callId: string): Promise<void> {
  return resetWorkflow(temporal, `call-${callId}`);
}

/** The same for any workflow. */
export async function resetWorkflow(temporal: Client, workflowId: string): Promise<void> {
  const { runId } = await temporal.workflow.getHandle(workflowId).describe();
  const { events } = await temporal.workflow.getHandle(workflowId).fetchHistory();
  const firstEnd = events?.find(({ workflowTaskCompletedEventAttributes: completed }) => completed);
  await temporal.workflowService.resetWorkflowExecution({
    namespace: temporal.options.namespace,
    workflowExecution: { workflowId, runId },
    workflowTaskFinishEventId: Number(firstEnd?.eventId) as never,
    reason: 'by the test',
    requestId: runId,
  });
}
