import { Worker, type InjectedSinks, type NativeConnection } from '@temporalio/worker';
import type { Sinks } from '@temporalio/workflow';
import { workflowBundlePath } from './paths.ts';

export interface WorkerSettings {
  readonly namespace: string;
  readonly taskQueue: string;
  readonly maxCachedWorkflows: number;
  readonly maxActivities: number;
}

export function createWorker<S extends Sinks>(
  connection: NativeConnection,
  activities: object,
  sinks: InjectedSinks<S>,
  settings: WorkerSettings,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace: settings.namespace,
    taskQueue: settings.taskQueue,
    workflowBundle: { codePath: workflowBundlePath },
    activities,
    sinks,
    maxCachedWorkflows: settings.maxCachedWorkflows,
    // Waiting for agents is I/O: slots are many. A free workflow slot is what an eager start needs.
    maxConcurrentActivityTaskExecutions: settings.maxActivities,
    // A queued call's task waits for its session's: slots for fewer tasks than calls could run out in a circle.
    maxConcurrentWorkflowTaskExecutions: Math.max(200, settings.maxCachedWorkflows),
    maxConcurrentLocalActivityExecutions: 200,
    // Eager starts and eager activities leave little to poll for: fewer polls cost the server less.
    maxConcurrentWorkflowTaskPolls: 2,
    maxConcurrentActivityTaskPolls: 2,
    // After a worker's death its sticky tasks are handed on after 2 s, not 10.
    stickyQueueScheduleToStartTimeout: '2 s',
    // callAgent paces its own heartbeats; a cancel from another process arrives with the next one.
    maxHeartbeatThrottleInterval: '500 ms',
    shutdownGraceTime: '0 s',
    shutdownForceTime: '4 s',
  });
}

export interface RunningWorker {
  running(): boolean;
  /** Resolves with the reason when it ends without having been asked to. */
  readonly ended: Promise<string>;
  /** Hands over what it works on and resolves once it has ended. */
  stop(): Promise<void>;
}

/** A worker that failed, e.g. as its namespace was deleted, may never let go of its native half: its state is watched. */
const watchMs = 1_000;

export function runWorker(worker: Worker): RunningWorker {
  const run = worker.run();
  let stopping = false;
  return {
    running: () => worker.getState() === 'RUNNING',
    ended: new Promise((resolve) => {
      const tell = (reason: string): void => {
        clearInterval(watch);
        if (!stopping) resolve(reason);
      };
      const watch = setInterval(() => {
        if (worker.getState() === 'FAILED') tell('the worker failed; the log says why');
      }, watchMs).unref();
      run.then(
        () => tell('the worker ended'),
        (error: unknown) => tell(`the worker failed: ${String(error)}`),
      );
    }),
    async stop() {
      stopping = true;
      if (worker.getState() === 'RUNNING') worker.shutdown();
      if (worker.getState() !== 'FAILED') await run;
    },
  };
}
