/** The processes that a run starts, and ends in reverse order. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../src/platform/paths.ts';

export interface Started {
  readonly pid: number;
  readonly child: ChildProcess;
}

/** Of the whole process; what is left of them when a run is broken off ends with it. */
const underWay = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of underWay) child.kill('SIGTERM');
});

export class Children {
  private readonly children: ChildProcess[] = [];

  /** What it prints goes to our standard error, unless `stdio` says otherwise. */
  start(
    command: string,
    args: readonly string[],
    options: { stdio?: StdioOptions; env?: NodeJS.ProcessEnv } = {},
  ): Started {
    const child = spawn(command, args, { cwd: packageRoot, stdio: ['ignore', 2, 2], ...options });
    this.children.push(child);
    underWay.add(child);
    child.once('exit', () => underWay.delete(child));
    if (child.pid === undefined) throw new Error(`${command} cannot be started`);
    return { child, pid: child.pid };
  }

  /** A TypeScript file beside this one. */
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

  /** One of them, before the others. */
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

/** The first match in what it prints; the rest is let go. Rejects when it ends before. */
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
