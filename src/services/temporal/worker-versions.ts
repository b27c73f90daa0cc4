/**
 * Reads and changes the versions of the workers (Worker Versioning, ADR 0012). The deployment has the same name as the task
 * queue. New calls and the tasks of entities go to its current version; a running call stays with the version that started it.
 */
import proto from '@temporalio/proto';
import { delay } from '../../lib/delay.ts';
import { describePolling } from './readiness.ts';
import { pinnedQuery } from './queries.ts';
import { isNotFound, isUnanswered, rpc, rpcTimeoutMs, type Temporal } from './rpc.ts';

const { ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS } = proto.temporal.api.enums.v1.RoutingConfigUpdateState;

/** How long to wait for a version to be listed. It is listed a moment after one of its workers has polled. */
const listedWithinMs = 15_000;
/** How long to wait for a new current version to reach every task queue. It takes about a second. */
const routedWithinMs = 30_000;
const pollEveryMs = 50;

interface Deployment {
  /** Build id of the current version. Undefined if workers without a build id are current. */
  readonly current: string | undefined;
  readonly buildIds: readonly string[];
  /** Whether the current version has reached all task queues. */
  readonly routed: boolean;
  /** A token for optimistic locking: a change with this token fails if another change came first. */
  readonly conflictToken: Uint8Array;
}

/** One version of the workers: those with the same build id. */
export interface WorkerVersion {
  readonly buildId: string;
  readonly current: boolean;
  /** The number of running calls that are pinned to this version. From visibility, which may lag by seconds. */
  readonly runningCalls: number;
}

/** Returns the deployment's versions, newest first. Empty if no worker with a build id has ever polled. */
export async function listVersions(temporal: Temporal): Promise<WorkerVersion[]> {
  const deployment = await describeDeployment(temporal);
  if (!deployment) return [];
  return Promise.all(
    deployment.buildIds.map(async (buildId) => ({
      buildId,
      current: buildId === deployment.current,
      runningCalls: await countPinned(temporal, buildId),
    })),
  );
}

/**
 * Makes a version current, or workers without a build id if `buildId` is undefined. Resolves when every task queue knows it,
 * after 30 s at the latest. Throws the server's error, for example if no worker of that version polls.
 */
export async function promote(
  temporal: Temporal,
  buildId: string | undefined,
  conflictToken?: Uint8Array,
): Promise<void> {
  await rpc(temporal, rpcTimeoutMs.write, () =>
    temporal.client.workflowService.setWorkerDeploymentCurrentVersion({
      namespace: temporal.namespace,
      deploymentName: temporal.taskQueue,
      buildId: buildId ?? '',
      ...(conflictToken && { conflictToken }),
    }),
  );
  await untilFound(routedWithinMs, async () => {
    const deployment = await describeDeployment(temporal);
    // If another promotion came after this one, there is nothing to wait for.
    return deployment && (deployment.routed || deployment.current !== buildId) ? deployment : undefined;
  });
}

/**
 * Call this for a worker that has begun to poll. Returns the current version. If there is none yet, makes the worker's version
 * current, because otherwise the first version would never get work. Undefined if the server does not list the worker's version
 * within 15 s.
 */
export async function promoteIfFirst(
  temporal: Temporal,
  buildId: string | undefined,
): Promise<{ current: string | undefined; promoted: boolean } | undefined> {
  if (buildId === undefined) return { current: (await describePolling(temporal)).current, promoted: false };
  for (let promoted = false; ;) {
    const deployment = await untilFound(listedWithinMs, async () => {
      const found = await describeDeployment(temporal);
      return found?.buildIds.includes(buildId) ? found : undefined;
    });
    if (!deployment) return undefined;
    if (deployment.current !== undefined) return { current: deployment.current, promoted };
    try {
      await promote(temporal, buildId, deployment.conflictToken);
      promoted = true;
    } catch (error) {
      // If a version is current now, another worker was faster.
      if ((await describeDeployment(temporal))?.current === undefined) throw error;
    }
  }
}

/** Describes the deployment. Undefined if no worker with a build id has ever polled. */
async function describeDeployment(temporal: Temporal): Promise<Deployment | undefined> {
  const { client, namespace, taskQueue: deploymentName } = temporal;
  try {
    const { workerDeploymentInfo, conflictToken } = await rpc(temporal, rpcTimeoutMs.read, () =>
      client.workflowService.describeWorkerDeployment({ namespace, deploymentName }),
    );
    const { routingConfig, routingConfigUpdateState, versionSummaries } = workerDeploymentInfo ?? {};
    return {
      current: routingConfig?.currentDeploymentVersion?.buildId ?? undefined,
      buildIds: (versionSummaries ?? []).flatMap(({ deploymentVersion }) => deploymentVersion?.buildId ?? []),
      routed: routingConfigUpdateState !== ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS,
      conflictToken,
    };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function countPinned(temporal: Temporal, buildId: string): Promise<number> {
  const query = pinnedQuery(temporal.taskQueue, buildId);
  const { count } = await rpc(temporal, rpcTimeoutMs.read, () => temporal.client.workflow.count(query));
  return count;
}

/** Asks again and again, also if Temporal does not answer, for `withinMs` at most. */
async function untilFound<T>(withinMs: number, find: () => Promise<T | undefined>): Promise<T | undefined> {
  const giveUpAt = Date.now() + withinMs;
  for (;;) {
    const found = await find().catch((error: unknown) => {
      if (!isUnanswered(error) || Date.now() >= giveUpAt) throw error;
    });
    if (found !== undefined || Date.now() >= giveUpAt) return found ?? undefined;
    await delay(pollEveryMs);
  }
}
