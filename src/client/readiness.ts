import proto from '@temporalio/proto';
import { rpc, rpcTimeoutMs, type Temporal } from './temporal.ts';

/** A worker polls at least once a minute. */
const freshPollMs = 70_000;

/** Whether some worker polls the task queue. Throws `Refusal` within 2 s when Temporal does not answer. */
export async function hasWorker({ client, namespace, taskQueue }: Temporal): Promise<boolean> {
  const { pollers } = await rpc({ client, namespace, taskQueue }, rpcTimeoutMs.ready, () =>
    client.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: proto.temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    }),
  );
  return pollers.some(
    ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1_000 > Date.now() - freshPollMs,
  );
}
