/** One process of the product, started again on the same settings whenever it ends, as by an init system. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { SpawnOptions } from '../../src/platform/embedded/server-process.ts';
import { pause, until } from '../pause.ts';

export interface Exit {
  readonly name: string;
  /** Epoch ms. */
  readonly at: number;
  readonly how: string;
  /** The suite ended it, or did something that it may exit of. */
  readonly wanted: boolean;
  /** It had been ready. */
  readonly ready: boolean;
  /** The end of what it printed. */
  readonly tail: string;
}

export interface ProcessPlan extends SpawnOptions {
  readonly name: string;
  readonly command: readonly string[];
  /** What it prints once it can be used, or a look at whether it can. */
  readonly ready: RegExp | (() => Promise<boolean>);
  readonly logFolder: string;
}

const restartPauseMs = 300;
const lookEveryMs = 100;
const stopMs = 30_000;
const tailBytes = 4_000;
const ending: ReadonlySet<NodeJS.Signals> = new Set(['SIGKILL', 'SIGTERM', 'SIGQUIT', 'SIGINT']);

/** They do not outlive this process. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class KeptProcess {
  readonly name: string;
  readonly exits: Exit[] = [];
  private readonly plan: ProcessPlan;
  private readonly log: WriteStream;
  private child: ChildProcess | undefined;
  private tail = '';
  private isReady = false;
  private endWanted = false;
  private excused = false;
  private stopping = false;
  private awayMs = restartPauseMs;
  private kept: Promise<void> | undefined;

  constructor(plan: ProcessPlan) {
    this.plan = plan;
    this.name = plan.name;
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

  /** If the signal ends the process, it is started again `awayMs` later. */
  signal(signal: NodeJS.Signals, awayMs = restartPauseMs): void {
    if (ending.has(signal)) {
      this.endWanted = true;
      this.isReady = false;
      this.awayMs = awayMs;
    }
    this.child?.kill(signal);
  }

  /** While `excused`, an exit of its own is no violation. */
  excuse(excused: boolean): void {
    this.excused = excused;
  }

  /** In order, for good. Resolves with its exit. */
  async stop(): Promise<Exit | undefined> {
    this.stopping = true;
    this.signal(this.plan.stopSignal ?? 'SIGTERM');
    const timer = setTimeout(() => this.child?.kill('SIGKILL'), this.plan.stopMs ?? stopMs);
    await this.kept;
    clearTimeout(timer);
    this.log.end();
    return this.exits.at(-1);
  }

  /** For the end of a run that failed. Resolves once it is gone. */
  async kill(): Promise<void> {
    this.stopping = true;
    this.child?.kill('SIGKILL');
    await this.kept;
  }

  private async keep(): Promise<void> {
    for (;;) {
      this.exits.push(await this.runOnce());
      this.isReady = false;
      if (this.isStopping()) return;
      await pause(this.awayMs);
      this.awayMs = restartPauseMs;
      if (this.isStopping()) return;
    }
  }

  private isStopping(): boolean {
    return this.stopping;
  }

  private endIsWanted(): boolean {
    return this.endWanted || this.excused || this.stopping;
  }

  private async runOnce(): Promise<Exit> {
    const { name, ready, command, env, cwd, uid, gid } = this.plan;
    const [program = '', ...args] = command;
    this.endWanted = false;
    this.tail = '';
    const told = { ready: false, over: false };
    const child = spawn(program, args, { env, cwd, uid, gid, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    running.add(child);
    const nowReady = (): void => {
      if (told.ready || told.over) return;
      told.ready = true;
      this.isReady = !this.endWanted;
    };
    const ended = endOf(child);
    this.hear(child, () => {
      if (ready instanceof RegExp && ready.test(this.tail)) nowReady();
    });
    if (!(ready instanceof RegExp))
      void until(async () => told.over || (await ready()), Infinity, lookEveryMs).then(nowReady);
    const how = await ended;
    if (child.pid === undefined) this.tail = how;
    told.over = true;
    running.delete(child);
    this.log.write(`--- ${name} ended with ${how}\n`);
    return { name, at: Date.now(), how, wanted: this.endIsWanted(), ready: told.ready, tail: this.tail };
  }

  /** Keeps what it prints; `heard` is called after each piece of it. */
  private hear({ stdout, stderr }: ChildProcess, heard: () => void): void {
    // Absent where the machine had not even descriptors left to start it with.
    for (const stream of [stdout, stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.log.write(text);
        this.tail = (this.tail + text).slice(-tailBytes);
        heard();
      });
  }
}

/** How it ended, or why it never began. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? `code ${String(code)}`));
    // One that cannot be signalled errs too, and goes on.
    child.on('error', ({ message }) => {
      if (child.pid === undefined) resolve(message);
    });
  });
}
