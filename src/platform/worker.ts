import { Worker, type InjectedSinks, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import type { Sinks } from '@temporalio/workflow';
import { dataConverter } from '../temporal-sdk/payloads.ts';
import { LeanWorker } from './lean-worker.ts';
import { versionedWorkflowBundlePath, workflowBundlePath } from './paths.ts';

export interface WorkerSettings {
  readonly namespace: string;
  readonly taskQueue: string;
  readonly maxCachedWorkflows: number;
  readonly maxActivities: number;
  /** Whether the Web UI can show where a workflow stands. */
  readonly callStacks: boolean;
  /** How long its asks may go on once it stops, before they are handed over. */
  readonly graceMs: number;
  /** Undefined: unversioned. */
  readonly buildId: string | undefined;
}

const forceMs = 2_000;

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
    // Waiting for agents is I/O: slots are many. A free workflow slot is what an eager start needs.
    maxConcurrentActivityTaskExecutions: settings.maxActivities,
    // A task holds its slot as long as it waits for a quick agent itself.
    maxConcurrentWorkflowTaskExecutions: Math.max(200, settings.maxCachedWorkflows),
    maxConcurrentLocalActivityExecutions: 200,
    // Eager starts and eager activities leave little to poll for: fewer polls cost the server less.
    maxConcurrentWorkflowTaskPolls: 2,
    maxConcurrentActivityTaskPolls: 2,
    // After a worker's death its sticky tasks are handed on after 2 s, not 10.
    stickyQueueScheduleToStartTimeout: '2 s',
    // callAgent paces its own heartbeats; a cancel from another process arrives with the next one.
    maxHeartbeatThrottleInterval: '500 ms',
    shutdownGraceTime: settings.graceMs,
    shutdownForceTime: settings.graceMs + forceMs,
  });
}

/** Which workflow code it runs, and as what version of the deployment that is named as the task queue (ADR 0012). */
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
      defaultVersioningBehavior: 'PINNED', // Required, and never used: each workflow says its own.
    },
  };
}
