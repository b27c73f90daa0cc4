import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from './temporal.ts';

/**
 * Deletes every run of a workflow id. Deleting without a run id would leave the runs before a continue-as-new with
 * all their content, so the chain is walked back from the newest run by each one's first event.
 */
export async function deleteAllRuns(temporal: Temporal, workflowId: string): Promise<void> {
  let runId: string | undefined;
  try {
    runId = (
      await rpc(temporal, rpcTimeoutMs.read, () => temporal.client.workflow.getHandle(workflowId).describe())
    ).runId;
    while (runId) {
      const earlier = await previousRun(temporal, workflowId, runId);
      await deleteRun(temporal, workflowId, runId);
      runId = earlier;
    }
  } catch (error) {
    if (!isNotFound(error)) throw error; // The rest of the chain is past retention or deleted already.
  }
}

async function previousRun(
  temporal: Temporal,
  workflowId: string,
  runId: string,
): Promise<string | undefined> {
  const { history } = await rpc(temporal, rpcTimeoutMs.read, () =>
    temporal.client.workflowService.getWorkflowExecutionHistory({
      namespace: temporal.namespace,
      execution: { workflowId, runId },
      maximumPageSize: 1,
    }),
  );
  return history?.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? undefined;
}

async function deleteRun(temporal: Temporal, workflowId: string, runId: string): Promise<void> {
  await rpc(temporal, rpcTimeoutMs.write, () =>
    temporal.client.workflowService.deleteWorkflowExecution({
      namespace: temporal.namespace,
      workflowExecution: { workflowId, runId },
    }),
  );
}
