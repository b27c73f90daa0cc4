/** One process of a cluster. Until it is stopped, it is restarted with the same command whenever it ends. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { boundServerLog, openServerLog } from '../src/platform/embedded/server-log.ts';
import {
  spawnServer,
  type ServerProcess,
  type SpawnOptions,
} from '../src/platform/embedded/server-process.ts';
import { StartupError } from '../src/platform/startup-error.ts';
import { fileProblem } from './file-problem.ts';
import { isFree } from './free-ports.ts';

/** How to start the process, and how to see that it is ready. */
export interface ClusterProcessPlan extends SpawnOptions {
  readonly name: string;
  readonly command: readonly string[];
  /** The folder of the process's log file, `<name>.log`. */
  readonly logFolder: string;
  /**
   * Where the process will listen. It is not started while another process listens there, because `isReady` could not
   * distinguish the two.
   */
  readonly listens: { readonly host: string; readonly port: number };
  /** Returns whether the process is ready. Never throws. */
  readonly isReady: () => Promise<boolean>;
  /** Returns why the process has not become ready in time. Never throws. */
  readonly whyNotReady?: () => Promise<NotReady>;
  /** The time limit of one start, in ms. Default: 90 s. */
  readonly readyMs?: number;
}

/** Why a process is not ready. */
export interface NotReady {
  readonly reason: string;
  /** Whether the process reports that it is still recovering its data. It is then given more time. */
  readonly recovering?: boolean;
}

/** If a process ends more often than this within a minute, it is not restarted any more. */
const maxEndsPerMinute = 5;
const defaultReadyMs = 90_000;
/**
 * How long a first start that fails is repeated. What a cluster that was killed just before leaves behind, such as PostgreSQL's
 * shared memory, is gone within this time.
 */
const firstStartMs = 10_000;
/** A process that died must be ready again within this time, counted from when the processes that it needs are ready. */
const restartMs = 120_000;
/**
 * How long a process that reports recovery is waited for. After a crash PostgreSQL may replay its write-ahead log for minutes,
 * and if it were stopped meanwhile, it would have to start over.
 */
const recoveryMs = 30 * 60_000;
const pauseMs = 100;
const retryPauseMs = 1_000;
const boundLogEveryMs = 60_000;

export class ClusterProcess {
  readonly name: string;
  /** Resolves with the reason once the process cannot be kept running or was stopped. Never rejects. */
  readonly lost: Promise<string>;
  private readonly plan: ClusterProcessPlan;
  private readonly needs: readonly ClusterProcess[];
  private readonly report: (line: string) => void;
  private readonly signal: AbortSignal;
  private current: ServerProcess;
  /** When the process last became ready (epoch ms); undefined while it is down. */
  private upSince: number | undefined = Date.now();
  private stopping = false;

  /**
   * Starts the process and resolves once it is ready. `needs` are the processes that it cannot start without. `report` gets a
   * line about each restart. Throws `StartupError` with the end of the process's log, or the abort reason of `signal`.
   */
  static async start(
    plan: ClusterProcessPlan,
    report: (line: string) => void,
    signal: AbortSignal,
    needs: readonly ClusterProcess[] = [],
  ): Promise<ClusterProcess> {
    await mkdir(plan.logFolder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw fileProblem(plan.logFolder, 'made', error);
    });
    return new ClusterProcess(plan, await firstStart(plan, report, signal), report, signal, needs);
  }

  private constructor(
    plan: ClusterProcessPlan,
    first: ServerProcess,
    report: (line: string) => void,
    signal: AbortSignal,
    needs: readonly ClusterProcess[],
  ) {
    this.name = plan.name;
    this.plan = plan;
    this.needs = needs;
    this.report = report;
    this.signal = signal;
    this.current = first;
    this.lost = this.keep();
  }

  get pid(): number {
    return this.current.pid;
  }

  /** Stops the process and resolves once it has exited. Waits for a restart that is in progress, unless `signal` is aborted. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.current.stop();
    await this.lost;
  }

  private async keep(): Promise<string> {
    const boundLog = (): void => void boundServerLog(logOf(this.plan)).catch(() => undefined); // Tried again a minute later.
    const timer = setInterval(boundLog, boundLogEveryMs);
    try {
      return await this.keepRunning();
    } finally {
      clearInterval(timer);
    }
  }

  private async keepRunning(): Promise<string> {
    const ends: number[] = [];
    for (;;) {
      const how = await this.current.exited;
      if (this.stopping) return 'it was stopped';
      this.upSince = undefined;
      ends.push(Date.now());
      if (ends.filter((at) => at > Date.now() - 60_000).length > maxEndsPerMinute)
        return `${this.name} ended ${maxEndsPerMinute + 1} times within a minute; last, ${how}`;
      this.report(`${this.name} is gone (${how}); it is being restarted`);
      try {
        this.current = await this.startAgain();
      } catch (error) {
        return (error as Error).message;
      }
      this.upSince = Date.now();
      if (this.isStopping()) await this.current.stop();
      else this.report(`${this.name} is back (pid ${this.pid})`);
    }
  }

  private async startAgain(): Promise<ServerProcess> {
    const diedAt = Date.now();
    const giveUpAt = (): number =>
      restartMs + Math.max(diedAt, ...this.needs.map(({ upSince }) => upSince ?? Date.now()));
    for (let tries = 1; ; tries++) {
      const inTime = Date.now() + readyMsOf(this.plan);
      try {
        return await startOnce(this.plan, () => Math.min(inTime, giveUpAt()), this.report, this.signal);
      } catch (error) {
        if (Date.now() > giveUpAt() || this.isStopping() || this.signal.aborted) throw error;
        if (tries === 1)
          this.report(`${(error as Error).message}\n${this.name} is retried for ${restartMs / 1_000} s`);
        await pause(retryPauseMs);
      }
    }
  }

  private isStopping(): boolean {
    return this.stopping;
  }
}

async function firstStart(
  plan: ClusterProcessPlan,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<ServerProcess> {
  const lastTryAt = Date.now() + firstStartMs;
  for (;;) {
    const giveUpAt = Date.now() + readyMsOf(plan);
    try {
      return await startOnce(plan, () => giveUpAt, report, signal);
    } catch (error) {
      if (Date.now() > lastTryAt || signal.aborted) throw error;
      await pause(retryPauseMs);
    }
  }
}

const logOf = ({ logFolder, name }: ClusterProcessPlan): string => join(logFolder, `${name}.log`);
const readyMsOf = ({ readyMs = defaultReadyMs }: ClusterProcessPlan): number => readyMs;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Starts the process once. `giveUpAt` returns the time limit (epoch ms); it is called repeatedly, because the limit may move.
 */
async function startOnce(
  plan: ClusterProcessPlan,
  giveUpAt: () => number,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<ServerProcess> {
  signal.throwIfAborted();
  const { host, port } = plan.listens;
  if (!(await isFree(port, host)))
    throw new StartupError(
      `${plan.name} did not start: another process listens on ${host}:${port}. Stop that process, or start the cluster again, which then takes another port`,
    );
  const log = await openServerLog(plan.logFolder, `${plan.name}.log`);
  try {
    const server = await spawnServer(plan.command, log.file.fd, plan);
    const reason = await untilReady(plan, server, giveUpAt, report, signal);
    if (reason === undefined) return server;
    await server.stop();
    signal.throwIfAborted();
    throw new StartupError(
      `${plan.name} did not start: ${reason}; the end of ${log.path}:\n${await log.tail()}`,
    );
  } finally {
    await log.file.close();
  }
}

/** Resolves with undefined once the process is ready, or with the reason why waiting for it ended. */
async function untilReady(
  plan: ClusterProcessPlan,
  server: ServerProcess,
  giveUpAt: () => number,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const ended: { how?: string } = {};
  void server.exited.then((how) => (ended.how = how));
  const beganAt = Date.now();
  for (let recovering = false; ;) {
    const ready = await plan.isReady();
    if (ended.how !== undefined) return ended.how;
    if (ready) return undefined;
    if (signal.aborted) return 'its start was aborted';
    if (Date.now() > giveUpAt()) {
      const why = await plan.whyNotReady?.();
      if (why?.recovering !== true || Date.now() > beganAt + recoveryMs)
        return `it is not ready after ${Math.round((Date.now() - beganAt) / 1_000)} s${why ? `: ${why.reason}` : ''}`;
      if (!recovering) report(`${plan.name} is recovering (${why.reason}); waiting for it`);
      recovering = true;
    }
    await pause(recovering ? retryPauseMs : pauseMs);
  }
}
