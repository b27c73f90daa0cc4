/** One process of the built product, started again on the same settings whenever it ends, as by an init system. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/platform/paths.ts';
import { pause, until } from '../pause.ts';

export interface Exit {
  readonly name: string;
  /** Epoch ms. */
  readonly at: number;
  readonly how: string;
  /** The suite sent it a signal that ends it. */
  readonly wanted: boolean;
  /** It had been ready. */
  readonly ready: boolean;
  /** The end of what it printed. */
  readonly tail: string;
}

export interface ProcessPlan {
  readonly name: string;
  /** Below dist/. */
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly readyWhen: RegExp;
  readonly logFolder: string;
}

const shiftedClock = fileURLToPath(new URL('shifted-clock.cjs', import.meta.url));
const restartPauseMs = 300;
const tailBytes = 4_000;

export class KeptProcess {
  readonly name: string;
  readonly exits: Exit[] = [];
  private readonly plan: ProcessPlan;
  private readonly clockFile: string;
  private readonly log: WriteStream;
  private child: ChildProcess | undefined;
  private tail = '';
  private isReady = false;
  private endWanted = false;
  private stopping = false;
  private kept: Promise<void> | undefined;

  constructor(plan: ProcessPlan) {
    this.plan = plan;
    this.name = plan.name;
    this.clockFile = join(plan.logFolder, `${plan.name}.clock`);
    this.log = createWriteStream(join(plan.logFolder, `${plan.name}.log`), { flags: 'a' });
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get ready(): boolean {
    return this.isReady;
  }

  /** Starts it and keeps it; throws with the end of its output when it is not ready in time. */
  async start(readyMs = 60_000): Promise<void> {
    this.kept = this.keep();
    if (!(await until(() => this.isReady, readyMs)))
      throw new Error(`${this.name} is not ready after ${readyMs / 1_000} s:\n${this.tail}`);
  }

  /** SIGKILL and SIGTERM end it, and it is started again; SIGSTOP and SIGCONT do not. */
  signal(signal: NodeJS.Signals): void {
    if (signal === 'SIGKILL' || signal === 'SIGTERM') {
      this.endWanted = true;
      this.isReady = false;
    }
    this.child?.kill(signal);
  }

  /** Its clock is wrong by so much from now on, also after it was started again; 0: right. */
  async shiftClock(ms: number): Promise<void> {
    await writeFile(this.clockFile, String(ms));
  }

  /** SIGTERM, for good. Resolves with its exit. */
  async stop(): Promise<Exit | undefined> {
    this.stopping = true;
    this.signal('SIGTERM');
    await this.kept;
    this.log.end();
    return this.exits.at(-1);
  }

  /** For the end of a run that failed. */
  kill(): void {
    this.stopping = true;
    this.child?.kill('SIGKILL');
  }

  private async keep(): Promise<void> {
    for (;;) {
      this.exits.push(await this.runOnce());
      this.isReady = false;
      if (this.isStopping()) return;
      await pause(restartPauseMs);
      if (this.isStopping()) return;
    }
  }

  private isStopping(): boolean {
    return this.stopping;
  }

  private endIsWanted(): boolean {
    return this.endWanted || this.stopping;
  }

  private async runOnce(): Promise<Exit> {
    const { name, script, environment, readyWhen } = this.plan;
    this.endWanted = false;
    this.tail = '';
    const told = { ready: false };
    const flags = ['--enable-source-maps', '--require', shiftedClock];
    const child = spawn(process.execPath, [...flags, join(packageRoot, 'dist', script)], {
      env: { ...environment, CHAOS_CLOCK_FILE: this.clockFile },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.log.write(text);
        this.tail = (this.tail + text).slice(-tailBytes);
        if (told.ready || !readyWhen.test(this.tail)) return;
        told.ready = true;
        this.isReady = true;
      });
    const how = await new Promise<string>((resolve) =>
      child.once('close', (code, signal) => resolve(signal ?? `code ${String(code)}`)),
    );
    this.log.write(`--- ${name} ended with ${how}\n`);
    return {
      name,
      at: Date.now(),
      how,
      wanted: this.endIsWanted(),
      ready: told.ready,
      tail: this.tail,
    };
  }
}
