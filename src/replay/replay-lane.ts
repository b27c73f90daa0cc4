import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../platform/paths.ts';
import type { ReplayTask } from './replay-process.ts';
import type { Verdict } from './verdict.ts';

/** The time limit for one history. The longest history that Temporal keeps takes less, even on a slow machine. */
const verdictTimeoutMs = 120_000;
/** The script of the child process. `npm run build` writes it, like the workflow bundle. */
const script = join(packageRoot, 'dist', 'src', 'replay', 'replay-process.js');

/**
 * One child process that replays histories, one at a time. It starts with the first history. A process that crashes or
 * hangs on a history is replaced before the next one.
 */
export class ReplayLane {
  private readonly workflowBundlePath: string;
  private child: ChildProcess | undefined;

  constructor(workflowBundlePath: string) {
    this.workflowBundlePath = workflowBundlePath;
  }

  /**
   * Replays one history. Call it only after the previous replay has ended. Never rejects: a history that cannot be replayed is
   * `unreadable`.
   */
  async replay(task: ReplayTask): Promise<Verdict> {
    this.child ??= this.start();
    const answer = await answerOf(this.child, task);
    if (typeof answer !== 'string') return answer;
    this.close();
    return { name: task.name, verdict: 'unreadable', message: answer };
  }

  /** Kills the process, if it runs. */
  close(): void {
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }

  private start(): ChildProcess {
    return fork(script, [this.workflowBundlePath], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
  }
}

/** Resolves with the verdict of the process, or with a message that says why the process gave none. */
function answerOf(child: ChildProcess, task: ReplayTask): Promise<Verdict | string> {
  return new Promise((resolve) => {
    let stderr = '';
    const finish = (answer: Verdict | string): void => {
      clearTimeout(timer);
      child.off('message', finish).off('exit', onExit);
      child.stderr?.off('data', onStderr);
      resolve(answer);
    };
    const onExit = (): void => finish(`Its replay process exited: ${stderr.trim().slice(-300)}`);
    const onStderr = (chunk: Buffer): void => {
      stderr += chunk.toString();
      // A panic ends the core's thread but not the process: its worker would wait forever.
      const panic = /panicked at [^\n]*\n([^\n]*)\n/.exec(stderr);
      if (panic) finish(`Temporal's core crashed on it: ${(panic[1] ?? '').slice(0, 300)}`);
    };
    const timer = setTimeout(
      () => finish(`No verdict came within ${verdictTimeoutMs / 1_000} s`),
      verdictTimeoutMs,
    );
    child.on('message', finish).on('exit', onExit);
    child.stderr?.on('data', onStderr);
    try {
      child.send(task, (error) => {
        if (error) finish(`It could not be sent to its replay process: ${error.message}`);
      });
    } catch (error) {
      // JSON that is nested too deeply to serialize.
      finish(`It could not be sent to its replay process: ${(error as Error).message}`);
    }
  });
}
