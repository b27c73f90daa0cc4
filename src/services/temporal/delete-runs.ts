import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from './rpc.ts';

/**
 * Deletes a closed run and those before it that continued as new up to it, and no other of the workflow's id. The oldest
 * goes first: while the last is there, a deletion that was cut off can be begun again.
 */
export async function deleteRunsUpTo(temporal: Temporal, workflowId: string, runId: string): Promise<void> {
  for (const one of (await runsUpTo(temporal, workflowId, runId)).reverse())
    await deleteRun(temporal, workflowId, one);
}

/** One that is deleted already, or past its retention, is no error. */
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

/** Newest first: each one's first event names the run before it. */
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
