import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from './rpc.ts';

/**
 * Deletes a closed run and the earlier runs of its continue-as-new chain, and no other runs of the workflow id. The oldest is
 * deleted first: as long as the last run exists, a deletion that was interrupted can be repeated.
 */
export async function deleteRunsUpTo(temporal: Temporal, workflowId: string, runId: string): Promise<void> {
  for (const one of (await runsUpTo(temporal, workflowId, runId)).reverse())
    await deleteRun(temporal, workflowId, one);
}

/** Deletes one run. Does nothing if the run no longer exists. Throws the refusal `temporal_unavailable`. */
export async function deleteRun(temporal: Temporal, workflowId: string, runId: string): Promise<void> {
  try {
    await rpc(temporal, rpcTimeoutMs.write, () =>
      temporal.client.workflowService.deleteWorkflowExecution({
        namespace: temporal.namespace,
        workflowExecution: { workflowId, runId },
      }),
    );
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Returns the run ids of the chain, newest first. The first event of each run names the run before it. */
async function runsUpTo(temporal: Temporal, workflowId: string, last: string): Promise<string[]> {
  const runIds: string[] = [];
  try {
    for (let runId: string | undefined = last; runId;) {
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
