/** Starts the processes of a run and stops them in reverse order. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../src/platform/paths.ts';

/** A process that was started. */
export interface Started {
  readonly pid: number;
  readonly child: ChildProcess;
}

/** All running children of this process. They are stopped when it exits, e.g. because the run was interrupted. */
const runningChildren = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of runningChildren) child.kill('SIGTERM');
});

/** The child processes of one run. */
export class Children {
  private readonly children: ChildProcess[] = [];

  /**
   * Starts a command. Its output goes to this process's standard error unless `stdio` says otherwise. Throws if the command
   * cannot be started.
   */
  start(
    command: string,
    args: readonly string[],
    options: { stdio?: StdioOptions; env?: NodeJS.ProcessEnv } = {},
  ): Started {
    const child = spawn(command, args, { cwd: packageRoot, stdio: ['ignore', 2, 2], ...options });
    this.children.push(child);
    runningChildren.add(child);
    child.once('exit', () => runningChildren.delete(child));
    if (child.pid === undefined) throw new Error(`${command} cannot be started`);
    return { child, pid: child.pid };
  }

  /** Runs a TypeScript file of this folder. */
  script(
    name: string,
    args: readonly string[],
    stdio: StdioOptions,
    nodeFlags: readonly string[] = [],
  ): Started {
    const path = fileURLToPath(new URL(name, import.meta.url));
    return this.start(process.execPath, [...nodeFlags, '--import', 'tsx', path, ...args], { stdio });
  }

  async stop(): Promise<void> {
    for (const child of [...this.children].reverse()) await end(child);
  }

  /** Stops the child process `pid` before the others; resolves once it has ended. */
  async end(pid: number): Promise<void> {
    const child = this.children.find((one) => one.pid === pid);
    if (child) await end(child);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

/**
 * Resolves with the first match of `pattern` in the output, and discards the later output. Rejects if the process ends before a
 * match.
 */
export function printed(output: Readable | null, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text: string | undefined = '';
    output?.setEncoding('utf8').on('data', (chunk: string) => {
      if (text === undefined) return;
      text += chunk;
      const match = pattern.exec(text);
      if (!match) return;
      text = undefined;
      resolve(match);
    });
    const ended = () =>
      reject(new Error(`A process of the benchmark ended before it was ready:\n${text ?? ''}`));
    if (output) output.once('close', ended);
    else ended();
  });
}
