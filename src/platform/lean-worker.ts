/**
 * The SDK's Worker with a workflow thread of ours: without call stacks, and with one watch over the thread instead of one over
 * each entry into workflow code. Why and what it saves: docs/adr/0017-lean-workflow-thread.md.
 */
import { join } from 'node:path';
import { Worker as Thread } from 'node:worker_threads';
import { Worker } from '@temporalio/worker';
import { ThreadedVMWorkflowCreator, WorkerThreadClient } from '../temporal-sdk/threaded-workflows.ts';
import { packageRoot } from './paths.ts';

type CreatorArguments = Parameters<(typeof Worker)['createWorkflowCreator']>;
type Logger = CreatorArguments[2];

/** From the build also where this runs from the sources: a thread knows no TypeScript. */
const threadScript = join(packageRoot, 'dist', 'src', 'platform', 'workflow-thread.js');
const watchMs = 1_000;
/** Looks, not seconds: a machine that slept has looked once. */
const silentLooksAtMost = 10;
/** In processor time of the process: a loop uses it up, a thread that a busy machine keeps waiting does not. */
const silentCpuMsAtMost = 15_000;
/** What the SDK's own limit costs: a thread of the system for each entry into workflow code. */
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

/** Ends a thread that answers nothing any more, as when workflow code loops for ever: its worker then fails, and says so. */
class WatchedThread extends WorkerThreadClient {
  private asked = 0;
  private silentLooks = 0;
  private silentSince = process.cpuUsage();

  constructor(thread: Thread, logger: Logger) {
    super(thread, logger);
    const watch = setInterval(() => {
      this.silentLooks = this.asked === 0 ? 0 : this.silentLooks + 1;
      if (this.silentLooks <= 1) this.silentSince = process.cpuUsage();
      const { user, system } = process.cpuUsage(this.silentSince);
      const cpuMs = (user + system) / 1_000;
      if (this.silentLooks < silentLooksAtMost || cpuMs < silentCpuMsAtMost) return;
      const seconds = Math.round(cpuMs / 1_000);
      logger.error(`Workflow code has not returned for ${seconds} s of processor time: its thread is ended`);
      void thread.terminate();
    }, watchMs).unref();
    thread.once('exit', () => clearInterval(watch));
  }

  override async send(
    ...input: Parameters<WorkerThreadClient['send']>
  ): ReturnType<WorkerThreadClient['send']> {
    this.asked += 1;
    try {
      return await super.send(...input);
    } finally {
      this.asked -= 1;
      this.silentLooks = 0;
    }
  }
}
