/** Runs the command as a user does: bin/holdfast.js as a child process, without the settings of the test's own process. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/platform/paths.ts';
import type { Environment } from '../rig/test-node.ts';

const bin = join(packageRoot, 'bin', 'holdfast.js');

/** What a command left behind. `code` is null if a signal killed it. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
  /** Resolves when its output (both streams) contains `text`. Rejects if the command ends without it. */
  printed(text: string | RegExp): Promise<void>;
}

/** Starts a command. `input` is its standard input, which ends after it. */
export function startCli(args: readonly string[], environment: Environment = {}, input = ''): Running {
  return watch(
    spawn(process.execPath, [bin, ...args], { env: clean(environment), stdio: ['pipe', 'pipe', 'pipe'] }),
    input,
  );
}

/** Starts a command on a terminal of its own; `stdout` is what the terminal shows. */
export function startOnTerminal(args: readonly string[], environment: Environment = {}): Running {
  const command = [process.execPath, bin, ...args].map((part) => `'${part.replaceAll("'", `'\\''`)}'`);
  const child = spawn('script', ['-qefc', command.join(' '), '/dev/null'], {
    env: { ...clean(environment), TERM: 'xterm-256color', COLUMNS: '200', LINES: '50' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return watch(child, undefined);
}

/** Runs a command whose standard output goes to a file, which may fail. */
export function runCliInto(
  file: string,
  args: readonly string[],
  environment: Environment = {},
): Promise<Ran> {
  const output = openSync(file, 'w');
  const child = spawn(process.execPath, [bin, ...args], {
    env: clean(environment),
    stdio: ['ignore', output, 'pipe'],
  });
  closeSync(output);
  return watch(child, undefined).ended;
}

/** Runs a command to its end. */
export function runCli(args: readonly string[], environment: Environment = {}, input = ''): Promise<Ran> {
  return startCli(args, environment, input).ended;
}

function clean(environment: Environment): Environment {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, ...environment };
}

/** Collects the output. If `input` is undefined, standard input stays open. */
function watch(child: ChildProcess, input: string | undefined): Running {
  const text = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
      for (const listener of listeners) listener();
    });
  if (input !== undefined) child.stdin?.end(input);
  const ended = new Promise<Ran>((resolve) => child.once('close', (code) => resolve({ code, ...text })));
  return {
    child,
    ended,
    async printed(wanted) {
      const has = (): boolean => {
        const all = text.stdout + text.stderr;
        return typeof wanted === 'string' ? all.includes(wanted) : wanted.test(all);
      };
      while (!has()) {
        const more = new Promise<true>((resolve) => listeners.add(() => resolve(true)));
        const goesOn = await Promise.race([more, ended.then(() => false)]);
        if (!goesOn && !has()) throw new Error(`It ended:\n${text.stdout}${text.stderr}`);
      }
    },
  };
}
