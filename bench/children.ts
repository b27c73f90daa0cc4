/** Processes that the bench starts, and stops in the end, the last one first. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export class Children {
  private readonly all: ChildProcess[] = [];

  /** Resolves with the first match of `pattern` in a line of its output. */
  async startNode(
    script: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
    pattern: RegExp,
  ): Promise<{ pid: number; match: RegExpExecArray; text: string }> {
    const child = spawn(process.execPath, [...args, script], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    this.all.push(child);
    let text = '';
    for await (const line of createInterface({ input: child.stderr })) {
      text += `${line}\n`;
      const match = pattern.exec(line);
      if (!match) continue;
      child.stderr.resume();
      return { pid: child.pid ?? 0, match, text };
    }
    throw new Error(`${script} did not start:\n${text}`);
  }

  /** A script of this folder; resolves with its first line. */
  async startScript(name: string, args: readonly string[]): Promise<{ pid: number; line: string }> {
    const child = spawn(process.execPath, ['--import', 'tsx', scriptOf(name), ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.all.push(child);
    for await (const line of createInterface({ input: child.stdout }))
      if (line === 'ready' || line.startsWith('http')) return { pid: child.pid ?? 0, line };
    throw new Error(`${name} did not start`);
  }

  /** One that is told over IPC what to do, and answers each message. */
  async startDriven(name: string, args: readonly string[]) {
    const child = fork(scriptOf(name), args, { execArgv: ['--import', 'tsx'] });
    this.all.push(child);
    await once(child, 'message');
    return {
      pid: child.pid ?? 0,
      async tell(message: object | string): Promise<unknown> {
        child.send(message);
        const [answer] = (await once(child, 'message')) as unknown[];
        return answer;
      },
    };
  }

  start(command: string, args: readonly string[]): number {
    const child = spawn(command, args, { stdio: 'ignore' });
    this.all.push(child);
    return child.pid ?? 0;
  }

  async stop(): Promise<void> {
    for (const child of this.all.reverse()) {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
  }
}

function scriptOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
