/** One process of a cluster: started again with the same command whenever it ends, until it is stopped. */
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

export interface ClusterProcessPlan extends SpawnOptions {
  readonly name: string;
  readonly command: readonly string[];
  /** The folder of its log, `<name>.log`. */
  readonly logFolder: string;
  /** It is not started while another process listens there, which `isReady` would take for it. */
  readonly listens: { readonly host: string; readonly port: number };
  /** Whether it can be used now. Never throws. */
  readonly isReady: () => Promise<boolean>;
  /** Asked when it has not become ready in time. Never throws. */
  readonly whyNotReady?: () => Promise<NotReady>;
  /** How long one start may take. Default: 90 s. */
  readonly readyMs?: number;
}

export interface NotReady {
  readonly reason: string;
  /** It says that it is still recovering its data: it is given more time. */
  readonly recovering?: boolean;
}

/** A process that ends more often than this within a minute is not started again. */
const maxEndsPerMinute = 5;
const defaultReadyMs = 90_000;
/**
 * A first start that fails is repeated for so long: after this time nothing is left of a cluster that was killed just
 * before, such as PostgreSQL's shared memory.
 */
const firstStartMs = 10_000;
/** A process that died must be ready again after this time, counted from when the processes that it needs are. */
const restartMs = 120_000;
/** After a crash PostgreSQL may replay its log for minutes. Stopped midway, it would begin anew. */
const recoveryMs = 30 * 60_000;
const pauseMs = 100;
const retryPauseMs = 1_000;
const lookAtLogMs = 60_000;

export class ClusterProcess {
  readonly name: string;
  /** Resolves with the reason when it cannot be kept running, and when it was stopped. */
  readonly lost: Promise<string>;
  private readonly plan: ClusterProcessPlan;
  private readonly needs: readonly ClusterProcess[];
  private readonly report: (line: string) => void;
  private readonly signal: AbortSignal;
  private current: ServerProcess;
  /** In ms since the epoch; undefined while it is down. */
  private upSince: number | undefined = Date.now();
  private stopping = false;

  /**
   * Resolves once it is ready. `needs` are the processes that it cannot start without. Throws `StartupError` with the end of
   * its log, or the reason of `signal`.
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

  /** Ends it, and resolves once it is gone. A start that is under way is ended by `signal`, and waited for otherwise. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.current.stop();
    await this.lost;
  }

  private async keep(): Promise<string> {
    const boundLog = (): void => void boundServerLog(logOf(this.plan)).catch(() => undefined); // Tried again soon.
    const timer = setInterval(boundLog, lookAtLogMs);
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
      this.report(`${this.name} is gone (${how}); it is started again`);
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
          this.report(`${(error as Error).message}\n${this.name} is tried again for ${restartMs / 1_000} s`);
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

/** `giveUpAt` is in ms since the epoch, and asked again and again. */
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
      `${plan.name} did not start: another process listens on ${host}:${port}. End that one, or start the cluster again, which takes another port then`,
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

/** Resolves with undefined once it is ready, or with why it is not waited for any longer. */
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
    if (signal.aborted) return 'its start was called off';
    if (Date.now() > giveUpAt()) {
      const why = await plan.whyNotReady?.();
      if (why?.recovering !== true || Date.now() > beganAt + recoveryMs)
        return `it is not ready after ${Math.round((Date.now() - beganAt) / 1_000)} s${why ? `: ${why.reason}` : ''}`;
      if (!recovering) report(`${plan.name} is recovering (${why.reason}); it is waited for`);
      recovering = true;
    }
    await pause(recovering ? retryPauseMs : pauseMs);
  }
}
