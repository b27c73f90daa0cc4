/**
 * Estimates the clock of the Temporal server, which dates histories and deadlines. Times that are compared with those must not
 * come from this machine's clock, which may be wrong or be set at any time.
 */
import { randomUUID } from 'node:crypto';
import proto from '@temporalio/proto';
import type { NativeConnection } from '@temporalio/worker';
import { delay } from '../lib/delay.ts';
import { untilAborted } from '../lib/until-aborted.ts';
import { every } from '../lib/every.ts';
import type { Log } from './logging.ts';

const { TASK_QUEUE_TYPE_WORKFLOW } = proto.temporal.api.enums.v1.TaskQueueType;
const { TASK_QUEUE_KIND_STICKY } = proto.temporal.api.enums.v1.TaskQueueKind;

/**
 * A task queue that is used only for polling and stays empty. It is sticky, because such a queue has one partition, which sees
 * all polls.
 */
const taskQueue = {
  name: 'holdfast-clock',
  normalName: 'holdfast-clock-normal',
  kind: TASK_QUEUE_KIND_STICKY,
};
/**
 * Length of a poll. The server logs a warning for polls under 10 s, and the native connection cannot end a poll early, so each
 * poll stays open for this time.
 */
const pollMs = 12_000;
const requestTimeoutMs = 2_000;
/** The pause before the pollers are listed again if our poll is not listed yet. */
const listAgainMs = 20;
/** How often the machine's clock is checked. */
const checkMs = 1_000;
/** The longest time between two measurements of the server's clock. */
const measureMs = 60_000;
/** If the skew changes by this much, the server's clock is measured at once, because somebody has set the machine's clock. */
const movedMs = 500;
/** A skew of at least this is logged. */
export const noticedSkewMs = 1_000;

/** One reading of the server's clock. It was taken at some moment between `after` and `before`. */
export interface ServerTime {
  /** The time that the server's clock showed, in epoch ms. */
  readonly at: number;
  /** When the request began (`after`), and when its answer arrived (`before`), by `performance.now()`. */
  readonly after: number;
  readonly before: number;
}

/**
 * Reads the server's time. No RPC returns it, but a description of a task queue has the time of each poller's last poll.
 * Undefined if the server does not answer within two seconds.
 */
export async function readServerTime(
  connection: Pick<NativeConnection, 'workflowService' | 'withDeadline'>,
  namespace: string,
): Promise<ServerTime | undefined> {
  const identity = `clock ${randomUUID()}`;
  const { workflowService } = connection;
  const leave = new AbortController();
  const stop = (): void => leave.abort();
  const timeout = setTimeout(stop, requestTimeoutMs);
  const after = performance.now();
  const poll = connection.withDeadline(Date.now() + pollMs, () =>
    workflowService.pollWorkflowTaskQueue({ namespace, taskQueue, identity }),
  );
  poll.then(stop, stop);
  const findOwnPoll = async (): Promise<ServerTime | undefined> => {
    while (!leave.signal.aborted) {
      const { pollers } = await connection.withDeadline(Date.now() + requestTimeoutMs, () =>
        workflowService.describeTaskQueue({ namespace, taskQueue, taskQueueType: TASK_QUEUE_TYPE_WORKFLOW }),
      );
      const time = pollers.find((poller) => poller.identity === identity)?.lastAccessTime;
      const before = performance.now();
      if (time) return { at: Number(time.seconds) * 1_000 + (time.nanos ?? 0) / 1_000_000, after, before };
      await delay(listAgainMs, leave.signal);
    }
    return undefined;
  };
  try {
    return await untilAborted(leave.signal, findOwnPoll());
  } catch {
    return undefined;
  } finally {
    clearTimeout(timeout);
    stop();
  }
}

/** The server's clock as this process estimates it. */
export class ServerClock {
  /**
   * The server's time minus `performance.now()`, in ms. Undefined until it is measured; until then the machine's clock is used.
   */
  private aheadMs: number | undefined;
  private readonly read: () => Promise<ServerTime | undefined>;

  constructor(read: () => Promise<ServerTime | undefined>) {
    this.read = read;
  }

  /** Returns the server's time in epoch ms. It does not change when somebody sets the machine's clock. */
  now(): number {
    return this.aheadMs === undefined ? Date.now() : Math.round(performance.now() + this.aheadMs);
  }

  /**
   * Returns how far the machine's clock is ahead of the server's, in ms. A difference that the duration of the request alone
   * may explain counts as 0.
   */
  skewMs(): number {
    return this.aheadMs === undefined ? 0 : Date.now() - this.now();
  }

  /**
   * Measures the server's clock. The result of a measurement is an interval. The current estimate is kept if it lies in the
   * interval, otherwise it moves to the nearest end.
   */
  async measure(): Promise<void> {
    const measured = await this.read();
    if (!measured) return;
    const estimate = this.aheadMs ?? Date.now() - performance.now();
    this.aheadMs = Math.min(Math.max(estimate, measured.at - measured.before), measured.at - measured.after);
  }

  /**
   * Measures regularly, and at once after somebody has set the machine's clock. Logs a skew. Returns a function that stops the
   * measurements.
   */
  watch(log: Log): () => Promise<void> {
    let measuredAt = performance.now();
    let lastSkewMs = 0;
    const check = async (): Promise<void> => {
      const due = performance.now() - measuredAt >= measureMs;
      if (!due && Math.abs(this.skewMs() - lastSkewMs) < movedMs) return;
      await this.measure();
      measuredAt = performance.now();
      const before = lastSkewMs;
      lastSkewMs = this.skewMs();
      logChange(log, before, lastSkewMs);
    };
    return every(checkMs, check, () => undefined);
  }
}

function logChange(log: Log, beforeMs: number, skewMs: number): void {
  const noticed = Math.abs(skewMs) >= noticedSkewMs;
  const changed = Math.abs(skewMs - beforeMs) >= noticedSkewMs || Math.abs(beforeMs) < noticedSkewMs;
  if (noticed && changed)
    log.warn(
      { skewMs },
      `This machine's clock is ${inWords(skewMs)} Temporal's: synchronise both, e.g. with NTP`,
    );
  if (!noticed && Math.abs(beforeMs) >= noticedSkewMs)
    log.info({ skewMs }, "This machine's clock agrees with Temporal's again");
}

/** Formats the skew in words, e.g. "2.5 s ahead of". */
export function inWords(skewMs: number): string {
  return `${Math.abs(skewMs / 1_000).toFixed(1)} s ${skewMs > 0 ? 'ahead of' : 'behind'}`;
}
