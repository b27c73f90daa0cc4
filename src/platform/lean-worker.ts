/**
 * The SDK's Worker, whose workflow thread runs the SDK's script without recording call stacks. One watchdog watches the whole
 * thread instead of each entry into workflow code. docs/adr/0017-lean-workflow-thread.md says why and what it saves.
 */
import { join } from 'node:path';
import { Worker as Thread } from 'node:worker_threads';
import { Worker } from '@temporalio/worker';
import { ThreadedVMWorkflowCreator, WorkerThreadClient } from '../temporal-sdk/threaded-workflows.ts';
import { packageRoot } from './paths.ts';

type CreatorArguments = Parameters<(typeof Worker)['createWorkflowCreator']>;
type Logger = CreatorArguments[2];

/**
 * The thread's script. It is always taken from the build, even if this file runs from the sources, because a thread cannot load
 * TypeScript.
 */
const threadScript = join(packageRoot, 'dist', 'src', 'platform', 'workflow-thread.js');
const watchMs = 1_000;
/**
 * How many checks a thread may leave unanswered. The limit is a number of checks, not of seconds, because a machine that was
 * suspended has made only one check.
 */
const maxSilentChecks = 10;
/**
 * How much CPU time the process may use before the thread has to answer. CPU time is measured, because an endless loop uses it
 * up and a thread that waits on a busy machine does not.
 */
const maxSilentCpuMs = 15_000;
/** Turns off the SDK's own limit, which costs a system thread for each entry into workflow code. */
const unlimited = undefined as unknown as number;

export class LeanWorker extends Worker {
  protected static override async createWorkflowCreator(
    ...[workflowBundle, { activities }, logger]: CreatorArguments
  ): Promise<ThreadedVMWorkflowCreator> {
    const thread = new WatchedThread(new Thread(threadScript), logger);
    await thread.send({
      type: 'init',
      workflowBundle,
      isolateExecutionTimeoutMs: unlimited,
      reuseV8Context: true,
      registeredActivityNames: new Set(activities.keys()),
      hasPatchActivationCallback: false,
    });
    return new ThreadedVMWorkflowCreator([thread]);
  }
}

/** Terminates a thread that no longer answers, for example in an endless loop. The worker then fails and logs the reason. */
class WatchedThread extends WorkerThreadClient {
  private openRequests = 0;
  private silentChecks = 0;
  private silentSince = process.cpuUsage();

  constructor(thread: Thread, logger: Logger) {
    super(thread, logger);
    const watch = setInterval(() => {
      this.silentChecks = this.openRequests === 0 ? 0 : this.silentChecks + 1;
      if (this.silentChecks <= 1) this.silentSince = process.cpuUsage();
      const { user, system } = process.cpuUsage(this.silentSince);
      const cpuMs = (user + system) / 1_000;
      if (this.silentChecks < maxSilentChecks || cpuMs < maxSilentCpuMs) return;
      const seconds = Math.round(cpuMs / 1_000);
      logger.error(
        `Workflow code has not returned for ${seconds} s of processor time: its thread is terminated`,
      );
      void thread.terminate();
    }, watchMs).unref();
    thread.once('exit', () => clearInterval(watch));
  }

  override async send(
    ...input: Parameters<WorkerThreadClient['send']>
  ): ReturnType<WorkerThreadClient['send']> {
    this.openRequests += 1;
    try {
      return await super.send(...input);
    } finally {
      this.openRequests -= 1;
      this.silentChecks = 0;
    }
  }
}
