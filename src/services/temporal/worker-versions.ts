/**
 * Worker Versioning (ADR 0012). The deployment is named as the task queue; its current version is given new calls and
 * the entities' tasks, while a call goes on with the version that began it.
 */
import proto from '@temporalio/proto';
import { delay } from '../../lib/delay.ts';
import { describePolling } from './readiness.ts';
import { pinnedQuery } from './queries.ts';
import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from './rpc.ts';

const { ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS } = proto.temporal.api.enums.v1.RoutingConfigUpdateState;

/** A version is listed once a worker of it has polled, which takes a moment. */
const listedWithinMs = 15_000;
/** Until every task queue knows of the new version: about a second. */
const routedWithinMs = 30_000;
const askAgainMs = 50;

interface Deployment {
  /** Undefined: workers without a build id. */
  readonly current: string | undefined;
  readonly buildIds: readonly string[];
  /** All task queues know of it. */
  readonly routed: boolean;
  /** A change that names it fails when another came before. */
  readonly conflictToken: Uint8Array;
}

export interface WorkerVersion {
  readonly buildId: string;
  readonly current: boolean;
  /** Calls that it began and has to end, by visibility, which may be seconds late. */
  readonly runningCalls: number;
}

/** Newest first; empty where no worker with a build id has ever polled. */
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
 * Gives new calls and the entities to this version, or to workers without one; resolves once that holds everywhere.
 * Throws the server's refusal, e.g. of a version that no worker polls for.
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
    // Another promotion that came after this one is none of its business.
    return deployment && (deployment.routed || deployment.current !== buildId) ? deployment : undefined;
  });
}

/**
 * Where a worker of this build id, or of none, stands once it polls: returns what is current. Where nothing is yet,
 * a version makes itself current: otherwise the first one would wait for work for ever. Undefined when the server
 * does not list the version.
 */
export async function takePlace(
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
      // Another worker was first.
      if ((await describeDeployment(temporal))?.current === undefined) throw error;
    }
  }
}

/** Undefined before any worker with a build id has polled. */
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

async function untilFound<T>(withinMs: number, find: () => Promise<T | undefined>): Promise<T | undefined> {
  const giveUpAt = Date.now() + withinMs;
  for (;;) {
    const found = await find();
    if (found !== undefined || Date.now() >= giveUpAt) return found;
    await delay(askAgainMs);
  }
}
