/**
 * The clock of the Temporal server, which dates histories and deadlines, as this process knows it: what is compared with
 * those must not be told by the machine's own clock, which may be wrong or be set meanwhile.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pass } from 'node:timers/promises';
import proto from '@temporalio/proto';
import type { NativeConnection } from '@temporalio/worker';
import { every } from './every.ts';
import type { Log } from './logging.ts';

const { TASK_QUEUE_TYPE_WORKFLOW } = proto.temporal.api.enums.v1.TaskQueueType;
const { TASK_QUEUE_KIND_STICKY } = proto.temporal.api.enums.v1.TaskQueueKind;

/** Nothing is ever put into it: it is there to be polled. Sticky: its one partition sees the polls of all processes. */
const taskQueue = {
  name: 'holdfast-clock',
  normalName: 'holdfast-clock-normal',
  kind: TASK_QUEUE_KIND_STICKY,
};
/** The server logs a warning of polls under 10 s. The native connection cannot end a poll early: it stays open for this long. */
const pollMs = 12_000;
const patienceMs = 2_000;
/** The poll may not have come there yet. */
const lookAgainMs = 20;
/** The machine's clock is looked at this often, the server's where that one has moved, or after a minute. */
const lookMs = 1_000;
const measureMs = 60_000;
const movedMs = 500;
/** From here on a skew is told of. */
export const noticedSkewMs = 1_000;

/** One reading of the server's clock. When exactly it was taken is known only within the request that brought it. */
export interface ServerTime {
  /** What the server's clock showed, epoch ms. */
  readonly at: number;
  /** When the request began, and when its answer was there, by `performance.now()`. */
  readonly after: number;
  readonly before: number;
}

/**
 * No RPC tells the time, but a task queue tells when each poller came last. Undefined where the server does not answer
 * within two seconds, or does not tell.
 */
export async function readServerTime(
  connection: Pick<NativeConnection, 'workflowService' | 'withDeadline'>,
  namespace: string,
): Promise<ServerTime | undefined> {
  const identity = `clock ${randomUUID()}`;
  const { workflowService } = connection;
  const leave = new AbortController();
  const left = new Promise<undefined>((resolve) => {
    leave.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const stop = (): void => leave.abort();
  const patience = setTimeout(stop, patienceMs);
  const after = performance.now();
  const poll = connection.withDeadline(Date.now() + pollMs, () =>
    workflowService.pollWorkflowTaskQueue({ namespace, taskQueue, identity }),
  );
  poll.then(stop, stop);
  const look = async (): Promise<ServerTime | undefined> => {
    while (!leave.signal.aborted) {
      const { pollers } = await connection.withDeadline(Date.now() + patienceMs, () =>
        workflowService.describeTaskQueue({ namespace, taskQueue, taskQueueType: TASK_QUEUE_TYPE_WORKFLOW }),
      );
      const time = pollers.find((poller) => poller.identity === identity)?.lastAccessTime;
      const before = performance.now();
      if (time) return { at: Number(time.seconds) * 1_000 + (time.nanos ?? 0) / 1_000_000, after, before };
      await pass(lookAgainMs);
    }
    return undefined;
  };
  try {
    return await Promise.race([look(), left]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(patience);
    stop();
  }
}

export class ServerClock {
  /**
   * Server's time minus `performance.now()`, in ms. Undefined until the server has told its time; until then `now` is the
   * machine's clock.
   */
  private aheadMs: number | undefined;
  private readonly read: () => Promise<ServerTime | undefined>;

  constructor(read: () => Promise<ServerTime | undefined>) {
    this.read = read;
  }

  /** Epoch ms. Setting the machine's clock does not change it. */
  now(): number {
    return this.aheadMs === undefined ? Date.now() : Math.round(performance.now() + this.aheadMs);
  }

  /**
   * How far the machine's clock is ahead of the server's, in ms. A difference that the duration of the request alone may
   * explain counts as none.
   */
  skewMs(): number {
    return this.aheadMs === undefined ? 0 : Date.now() - this.now();
  }

  /**
   * Reads the server's time once more. The reading allows a range, as wide as its request took: a clock that is within it
   * stays as it is, any other is set to the nearer end.
   */
  async measure(): Promise<void> {
    const told = await this.read();
    if (!told) return;
    const known = this.aheadMs ?? Date.now() - performance.now();
    this.aheadMs = Math.min(Math.max(known, told.at - told.before), told.at - told.after);
  }

  /** Measures now and then, and at once when the machine's clock is set; a skew is told in the log. Returns how to stop. */
  watch(log: Log): () => Promise<void> {
    let measuredAt = performance.now();
    let told = 0;
    const look = async (): Promise<void> => {
      const due = performance.now() - measuredAt >= measureMs;
      if (!due && Math.abs(this.skewMs() - told) < movedMs) return;
      await this.measure();
      measuredAt = performance.now();
      const before = told;
      told = this.skewMs();
      tellChange(log, before, told);
    };
    return every(lookMs, look, () => undefined);
  }
}

function tellChange(log: Log, beforeMs: number, skewMs: number): void {
  const noticed = Math.abs(skewMs) >= noticedSkewMs;
  const changed = Math.abs(skewMs - beforeMs) >= noticedSkewMs || Math.abs(beforeMs) < noticedSkewMs;
  if (noticed && changed)
    log.warn(
      { skewMs },
      `This machine's clock is ${inWords(skewMs)} Temporal's: keep both in time, e.g. with NTP`,
    );
  if (!noticed && Math.abs(beforeMs) >= noticedSkewMs)
    log.info({ skewMs }, "This machine's clock agrees with Temporal's again");
}

export function inWords(skewMs: number): string {
  return `${Math.abs(skewMs / 1_000).toFixed(1)} s ${skewMs > 0 ? 'ahead of' : 'behind'}`;
}
