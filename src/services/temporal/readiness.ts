import proto from '@temporalio/proto';
import { rpc, rpcTimeoutMs, type Temporal } from './rpc.ts';

type PollerInfo = proto.temporal.api.taskqueue.v1.IPollerInfo;

const { TASK_QUEUE_TYPE_WORKFLOW } = proto.temporal.api.enums.v1.TaskQueueType;
const { WORKER_VERSIONING_MODE_VERSIONED } = proto.temporal.api.enums.v1.WorkerVersioningMode;

/** A worker counts as polling if its last poll is at most this old, because every worker polls at least once a minute. */
const freshPollMs = 70_000;

/** Describes which workers get new calls, and whether one of them polls. */
export interface Polling {
  /** Build id of the version that gets new calls. Undefined if workers without a build id get them. */
  readonly current: string | undefined;
  /** Whether a worker of that version polls. */
  readonly polled: boolean;
}

/**
 * Finds out which workers get new calls, and whether such a worker polls for them. `nowMs` is the time by the server's clock.
 * Throws the refusal `temporal_unavailable` within 1.5 s.
 */
export async function describePolling(temporal: Temporal, nowMs = Date.now()): Promise<Polling> {
  const { client, namespace, taskQueue } = temporal;
  const { pollers, versioningInfo } = await rpc(temporal, rpcTimeoutMs.ready, () =>
    client.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: TASK_QUEUE_TYPE_WORKFLOW,
    }),
  );
  const current = versioningInfo?.currentDeploymentVersion?.buildId ?? undefined;
  return {
    current,
    polled: pollers.some((poller) => isFresh(poller, nowMs) && buildIdOf(poller) === current),
  };
}

function isFresh({ lastAccessTime }: PollerInfo, nowMs: number): boolean {
  return Number(lastAccessTime?.seconds ?? 0) * 1_000 > nowMs - freshPollMs;
}

function buildIdOf({ deploymentOptions }: PollerInfo): string | undefined {
  const versioned = deploymentOptions?.workerVersioningMode === WORKER_VERSIONING_MODE_VERSIONED;
  return versioned ? (deploymentOptions.buildId ?? undefined) : undefined;
}
