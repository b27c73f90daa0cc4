/** Runs the built product as a child process, like `npm start` and `npm run worker`, so that tests can signal and kill it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { packageRoot } from '../../src/platform/paths.ts';
import { HttpClient } from './http-client.ts';
import type { Environment } from './test-node.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process and its output. It lives until it ends or is killed. */
export class LastingProcess {
  private readonly child: ChildProcess;
  private text = '';
  private readonly listeners = new Set<() => void>();
  readonly exited: Promise<Exit>;

  /** `script` is below dist/, or an absolute path. */
  constructor(
    script: string,
    environment: Environment,
    nodeFlags: readonly string[] = [],
    scriptArguments: readonly string[] = [],
  ) {
    // The caller's own settings are left out: a test says what it needs.
    const { PATH = '', HOME = '' } = process.env;
    const command = [...nodeFlags, resolve(packageRoot, 'dist', script), ...scriptArguments];
    this.child = spawn(process.execPath, command, {
      env: { PATH, HOME, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.text += chunk;
        for (const listener of this.listeners) listener();
      });
    this.exited = new Promise((resolve) =>
      this.child.once('exit', (code, signal) => resolve({ code, signal })),
    );
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get output(): string {
    return this.text;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves with the first match in the output. Throws with the whole output if the process ends before it. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.text);
      if (match) return match;
      const more = new Promise<true>((resolve) => this.listeners.add(() => resolve(true)));
      const goesOn = await Promise.race([more, this.exited.then(() => false)]);
      if (!goesOn && !pattern.exec(this.text)) throw new Error(`It ended:\n${this.text}`);
    }
  }
}

/** The same, killed at the end of the test. */
export class ProductProcess extends LastingProcess {
  constructor(...how: ConstructorParameters<typeof LastingProcess>) {
    super(...how);
    onTestFinished(async () => {
      this.kill('SIGKILL');
      await this.exited;
    });
  }
}

export interface NodeProcess {
  readonly process: LastingProcess;
  readonly http: HttpClient;
  readonly url: string;
  readonly temporalAddress: string;
}

const server = 'src/node/server.js';

/** Starts a node; resolves once it accepts calls. It is killed at the end of the test. */
export function startNodeProcess(environment: Environment): Promise<NodeProcess> {
  return untilAccepting(new ProductProcess(server, environment), environment);
}

/** The same for a node that outlives the test. */
export function startLastingNode(environment: Environment): Promise<NodeProcess> {
  return untilAccepting(new LastingProcess(server, environment), environment);
}

async function untilAccepting(node: LastingProcess, environment: Environment): Promise<NodeProcess> {
  const [, url = ''] = await node.printed(/API +(http:\S+)\/api\/vps\/status/);
  const [, temporalAddress = ''] = await node.printed(/Temporal +(\S+:\d+)/);
  const [key] = (environment['HOLDFAST_API_KEYS'] ?? '').split(',').filter((one) => one !== '');
  return { process: node, http: new HttpClient(url, key), url, temporalAddress };
}

/** Settings that make a restarted node use the same ports. */
export function samePlace(environment: Environment, { url, temporalAddress }: NodeProcess): Environment {
  return {
    ...environment,
    HOLDFAST_PORT: new URL(url).port,
    HOLDFAST_TEMPORAL_PORT: temporalAddress.split(':').at(-1) ?? '0',
  };
}
