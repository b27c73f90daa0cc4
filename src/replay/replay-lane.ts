import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../platform/paths.ts';
import type { ReplayTask } from './replay-process.ts';
import type { Verdict } from './verdict.ts';

/** Longer than the longest history that Temporal keeps takes, on a slow machine. */
const patienceMs = 120_000;
/** Written by `npm run build`, as the workflow bundle is. */
const script = join(packageRoot, 'dist', 'src', 'replay', 'replay-process.js');

/** One child process that replays; one that fails on a history is replaced for the next. */
export class ReplayLane {
  private readonly workflowBundlePath: string;
  private child: ChildProcess | undefined;

  constructor(workflowBundlePath: string) {
    this.workflowBundlePath = workflowBundlePath;
  }

  /** One at a time. Never rejects: what cannot be replayed is `unreadable`. */
  async replay(task: ReplayTask): Promise<Verdict> {
    this.child ??= this.start();
    const answer = await answerOf(this.child, task);
    if (typeof answer !== 'string') return answer;
    this.close();
    return { name: task.name, verdict: 'unreadable', message: answer };
  }

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

/** The verdict, or why there is none. */
function answerOf(child: ChildProcess, task: ReplayTask): Promise<Verdict | string> {
  return new Promise((resolve) => {
    let said = '';
    const finish = (answer: Verdict | string): void => {
      clearTimeout(timer);
      child.off('message', finish).off('exit', onExit);
      child.stderr?.off('data', onStderr);
      resolve(answer);
    };
    const onExit = (): void => finish(`Replaying it ended the process: ${said.trim().slice(-300)}`);
    const onStderr = (chunk: Buffer): void => {
      said += chunk.toString();
      // The core's thread is gone then: its worker would wait for ever.
      const panic = /panicked at [^\n]*\n([^\n]*)\n/.exec(said);
      if (panic) finish(`Temporal's core cannot take it: ${(panic[1] ?? '').slice(0, 300)}`);
    };
    const timer = setTimeout(() => finish(`No verdict came within ${patienceMs / 1_000} s`), patienceMs);
    child.on('message', finish).on('exit', onExit);
    child.stderr?.on('data', onStderr);
    try {
      child.send(task, (error) => {
        if (error) finish(`It could not be handed on: ${error.message}`);
      });
    } catch (error) {
      finish(`It could not be handed on: ${(error as Error).message}`); // JSON deeper than the stack.
    }
  });
}
