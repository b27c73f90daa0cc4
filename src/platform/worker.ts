import { Worker, type InjectedSinks, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import type { Sinks } from '@temporalio/workflow';
import { dataConverter } from '../temporal-sdk/payloads.ts';
import { LeanWorker } from './lean-worker.ts';
import { versionedWorkflowBundlePath, workflowBundlePath } from './paths.ts';

/** The settings of a worker. */
export interface WorkerSettings {
  readonly namespace: string;
  readonly taskQueue: string;
  readonly maxCachedWorkflows: number;
  readonly maxActivities: number;
  /** Whether the Web UI can show a workflow's call stack. */
  readonly callStacks: boolean;
  /** How long a stopping worker lets its requests to agents run before it hands them over. */
  readonly graceMs: number;
  /** The build id of the worker. Undefined if the worker is unversioned. */
  readonly buildId: string | undefined;
}

/** How long a worker may still take to stop after its grace time. */
const forceMs = 2_000;

/** Creates a worker with all workflows and the given activities. It polls only after it is run. */
export function createWorker<S extends Sinks>(
  connection: NativeConnection,
  activities: object,
  sinks: InjectedSinks<S>,
  settings: WorkerSettings,
): Promise<Worker> {
  return (settings.callStacks ? Worker : LeanWorker).create({
    connection,
    namespace: settings.namespace,
    taskQueue: settings.taskQueue,
    ...versioning(settings),
    activities,
    sinks,
    dataConverter,
    maxCachedWorkflows: settings.maxCachedWorkflows,
    // Activities wait for agents most of the time, so there are many slots. An eager start needs a free workflow slot.
    maxConcurrentActivityTaskExecutions: settings.maxActivities,
    // On the first-task path a workflow task holds its slot while it waits for an agent.
    maxConcurrentWorkflowTaskExecutions: Math.max(200, settings.maxCachedWorkflows),
    maxConcurrentLocalActivityExecutions: 200,
    // Eager starts and eager activities make most polls unnecessary, and each poll costs the server.
    maxConcurrentWorkflowTaskPolls: 2,
    maxConcurrentActivityTaskPolls: 2,
    // After a worker's death its sticky tasks go to other workers after 2 s instead of 10 s.
    stickyQueueScheduleToStartTimeout: '2 s',
    // callAgent sets the pace of its heartbeats. A cancellation from another process arrives with the next one.
    maxHeartbeatThrottleInterval: '500 ms',
    shutdownGraceTime: settings.graceMs,
    shutdownForceTime: settings.graceMs + forceMs,
  });
}

/**
 * Returns the options for the workflow bundle and, with a build id, for the version. The deployment has the same name as the
 * task queue (ADR 0012).
 */
function versioning({
  taskQueue,
  buildId,
}: WorkerSettings): Pick<WorkerOptions, 'workflowBundle' | 'workerDeploymentOptions'> {
  if (buildId === undefined) return { workflowBundle: { codePath: workflowBundlePath } };
  return {
    workflowBundle: { codePath: versionedWorkflowBundlePath },
    workerDeploymentOptions: {
      version: { deploymentName: taskQueue, buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'PINNED', // Required but unused: each workflow sets its own.
    },
  };
}
