import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from './temporal.ts';

/**
 * Deletes every run of a workflow id. Deleting without a run id would leave the runs before a continue-as-new with
 * all their content. The oldest goes first: while the newest is there, one that was cut off can be begun again.
 */
export async function deleteAllRuns(temporal: Temporal, workflowId: string): Promise<void> {
  for (const runId of (await runsOf(temporal, workflowId)).reverse()) {
    try {
      await deleteRun(temporal, workflowId, runId);
    } catch (error) {
      if (!isNotFound(error)) throw error; // By another deletion.
    }
  }
}

/** Newest first: each one's first event names the run before it. */
async function runsOf(temporal: Temporal, workflowId: string): Promise<string[]> {
  const runIds: string[] = [];
  try {
    const newest = await rpc(temporal, rpcTimeoutMs.read, () =>
      temporal.client.workflow.getHandle(workflowId).describe(),
    );
    for (let runId: string | undefined = newest.runId; runId;) {
      runIds.push(runId);
      runId = await previousRun(temporal, workflowId, runId);
    }
  } catch (error) {
    if (!isNotFound(error)) throw error; // The rest of the chain is past retention or deleted already.
  }
  return runIds;
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
