/** One process of the product. It is restarted with the same command whenever it ends, as by an init system. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { SpawnOptions } from '../../src/platform/embedded/server-process.ts';
import { pause, until } from '../pause.ts';

/** One exit of a process. */
export interface Exit {
  readonly name: string;
  /** Epoch ms. */
  readonly at: number;
  /** How the process ended: a signal or exit code, e.g. `SIGKILL` or `code 1`, or why it could not be started. */
  readonly how: string;
  /** Whether the suite ended the process or did something that may make it exit. */
  readonly wanted: boolean;
  /** Whether the process had become ready before it ended. */
  readonly ready: boolean;
  /** The last part of the process's output. */
  readonly tail: string;
}

/** How to start the process and how to see that it is ready. */
export interface ProcessPlan extends SpawnOptions {
  readonly name: string;
  readonly command: readonly string[];
  /** A pattern in the output that shows that the process is ready, or a function that checks it. */
  readonly ready: RegExp | (() => Promise<boolean>);
  readonly logFolder: string;
}

const restartPauseMs = 300;
const checkEveryMs = 100;
const stopMs = 30_000;
const tailBytes = 4_000;
const ending: ReadonlySet<NodeJS.Signals> = new Set(['SIGKILL', 'SIGTERM', 'SIGQUIT', 'SIGINT']);

/** Running children. They are killed when this process exits. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a process, restarts it whenever it ends, and records its exits. Its output goes to `<name>.log`. */
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

  /** Starts the process and keeps it running. Throws with the end of its output if it is not ready within `readyMs`. */
  async start(readyMs = 60_000): Promise<void> {
    this.kept = this.keep();
    if (!(await until(() => this.isReady, readyMs)))
      throw new Error(`${this.name} is not ready after ${readyMs / 1_000} s:\n${this.tail}`);
  }

  /** Sends a signal. If it ends the process, the process is restarted `awayMs` later. */
  signal(signal: NodeJS.Signals, awayMs = restartPauseMs): void {
    if (ending.has(signal)) {
      this.endWanted = true;
      this.isReady = false;
      this.awayMs = awayMs;
    }
    this.child?.kill(signal);
  }

  /** While `excused`, an exit that the suite did not cause is no violation. */
  excuse(excused: boolean): void {
    this.excused = excused;
  }

  /** Stops the process gracefully, or kills it if that takes too long; it is not restarted. Resolves with its last exit. */
  async stop(): Promise<Exit | undefined> {
    this.stopping = true;
    this.signal(this.plan.stopSignal ?? 'SIGTERM');
    const timer = setTimeout(() => this.child?.kill('SIGKILL'), this.plan.stopMs ?? stopMs);
    await this.kept;
    clearTimeout(timer);
    this.log.end();
    return this.exits.at(-1);
  }

  /** Kills the process at the end of a run that failed; it is not restarted. Resolves once it has exited. */
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
    const state = { ready: false, over: false };
    const child = spawn(program, args, { env, cwd, uid, gid, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    running.add(child);
    const nowReady = (): void => {
      if (state.ready || state.over) return;
      state.ready = true;
      this.isReady = !this.endWanted;
    };
    const ended = endOf(child);
    this.capture(child, () => {
      if (ready instanceof RegExp && ready.test(this.tail)) nowReady();
    });
    if (!(ready instanceof RegExp))
      void until(async () => state.over || (await ready()), Infinity, checkEveryMs).then(nowReady);
    const how = await ended;
    if (child.pid === undefined) this.tail = how;
    state.over = true;
    running.delete(child);
    this.log.write(`--- ${name} ended with ${how}\n`);
    return { name, at: Date.now(), how, wanted: this.endIsWanted(), ready: state.ready, tail: this.tail };
  }

  /** Writes the output of the process to its log and keeps the end of it; calls `onOutput` after each chunk. */
  private capture({ stdout, stderr }: ChildProcess, onOutput: () => void): void {
    // The streams are absent if the machine had no file descriptors left to start the process.
    for (const stream of [stdout, stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.log.write(text);
        this.tail = (this.tail + text).slice(-tailBytes);
        onOutput();
      });
  }
}

/** Resolves with how the process ended, or why it could not be started. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? `code ${String(code)}`));
    // An error event may also mean that a signal could not be sent; the process then continues.
    child.on('error', ({ message }) => {
      if (child.pid === undefined) resolve(message);
    });
  });
}
