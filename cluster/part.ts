/** One process of a cluster: started again with the same command whenever it ends, until it is stopped. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { boundServerLog, openServerLog, type ServerLog } from '../src/platform/embedded/server-log.ts';
import {
  spawnServer,
  type ServerProcess,
  type SpawnOptions,
} from '../src/platform/embedded/server-process.ts';
import { StartupError } from '../src/platform/startup-error.ts';
import { isFree } from './free-ports.ts';

export interface PartPlan extends SpawnOptions {
  readonly name: string;
  readonly command: readonly string[];
  /** Where it may write its log `<name>.log`. */
  readonly logFolder: string;
  /** Whoever answers there is taken for it. */
  readonly listens: { readonly host: string; readonly port: number };
  /** Whether it can be used now. Never throws. */
  readonly isReady: () => Promise<boolean>;
}

/** A part that ends more often than this within a minute is not started again. */
const maxEndsPerMinute = 5;
const readyMs = 90_000;
/** What a cluster that was killed just before has left, such as PostgreSQL's shared memory, is gone by then. */
const firstMs = 10_000;
/** One whose neighbours are down too cannot start before they have. */
const againMs = 120_000;
const pauseMs = 100;
const lookAtLogMs = 60_000;

export class Part {
  readonly name: string;
  /** Resolves with the reason when it cannot be kept running, and when it was stopped. */
  readonly lost: Promise<string>;
  private readonly plan: PartPlan;
  private readonly tell: (line: string) => void;
  private readonly calledOff: AbortSignal;
  private current: ServerProcess;
  private stopping = false;

  /** Resolves once it is ready. Throws `StartupError` with the end of its log, and the reason of `calledOff`. */
  static async start(plan: PartPlan, tell: (line: string) => void, calledOff: AbortSignal): Promise<Part> {
    await mkdir(plan.logFolder, { recursive: true, mode: 0o700 });
    return new Part(plan, await startWithin(firstMs, plan, calledOff), tell, calledOff);
  }

  private constructor(
    plan: PartPlan,
    first: ServerProcess,
    tell: (line: string) => void,
    calledOff: AbortSignal,
  ) {
    this.name = plan.name;
    this.plan = plan;
    this.tell = tell;
    this.calledOff = calledOff;
    this.current = first;
    this.lost = this.keep();
  }

  get pid(): number {
    return this.current.pid;
  }

  /** Starts that `calledOff` does not end yet are waited for. */
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
      ends.push(Date.now());
      if (ends.filter((at) => at > Date.now() - 60_000).length > maxEndsPerMinute)
        return `${this.name} ended ${maxEndsPerMinute + 1} times within a minute; last, ${how}`;
      this.tell(`${this.name} is gone (${how}); it is started again`);
      try {
        this.current = await startWithin(againMs, this.plan, this.calledOff, () => this.isStopping());
      } catch (error) {
        return (error as Error).message;
      }
      if (this.isStopping()) await this.current.stop();
      else this.tell(`${this.name} is back (pid ${this.pid})`);
    }
  }

  private isStopping(): boolean {
    return this.stopping;
  }
}

/** What keeps it from starting may pass: it is tried again for so long. */
async function startWithin(
  atMostMs: number,
  plan: PartPlan,
  calledOff: AbortSignal,
  isStopping = () => false,
): Promise<ServerProcess> {
  const giveUpAt = Date.now() + atMostMs;
  for (;;) {
    try {
      return await startOnce(plan, calledOff);
    } catch (error) {
      if (Date.now() > giveUpAt || isStopping() || calledOff.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10 * pauseMs));
    }
  }
}

const logOf = ({ logFolder, name }: PartPlan): string => join(logFolder, `${name}.log`);

async function startOnce(plan: PartPlan, calledOff: AbortSignal): Promise<ServerProcess> {
  calledOff.throwIfAborted();
  const { host, port } = plan.listens;
  if (!(await isFree(port, host)))
    throw new StartupError(`${plan.name} did not start: another process listens on ${host}:${port}`);
  const log = await openServerLog(plan.logFolder, `${plan.name}.log`);
  try {
    const server = await spawnServer(plan.command, log.file.fd, plan);
    await untilReady(plan, server, log, calledOff);
    return server;
  } finally {
    await log.file.close();
  }
}

async function untilReady(
  plan: PartPlan,
  server: ServerProcess,
  log: ServerLog,
  calledOff: AbortSignal,
): Promise<void> {
  const gone: { how?: string } = {};
  void server.exited.then((how) => (gone.how = how));
  const giveUpAt = Date.now() + readyMs;
  for (;;) {
    const ready = await plan.isReady();
    if (ready && gone.how === undefined) return;
    if (gone.how !== undefined || Date.now() > giveUpAt || calledOff.aborted) {
      await server.stop();
      calledOff.throwIfAborted();
      throw new StartupError(
        `${plan.name} did not start: ${gone.how ?? `it is not ready after ${readyMs / 1_000} s`}; the end of ${log.path}:\n${await log.tail()}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
