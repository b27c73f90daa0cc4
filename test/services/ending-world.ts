/** A simulated Temporal and its clock, for tests of the feed's reader with many faults in little time. */
import type { Ending, FeedPosition } from '../../src/domain/ending.ts';
import type { BatchEnded } from '../../src/domain/feed-event.ts';
import { StateChanges } from '../../src/domain/state-changes.ts';
import type { ClosedRun, EndedCalls } from '../../src/services/endings/ended-calls.ts';
import { EndingHints } from '../../src/services/endings/ending-hints.ts';
import { EndingLog, type Segment } from '../../src/services/endings/ending-log.ts';
import {
  EndingReader,
  type EndingConsumer,
  type ReaderParts,
} from '../../src/services/endings/ending-reader.ts';
import type { LogEnd } from '../../src/services/endings/feed-state.ts';
import type { HintBook } from '../../src/services/endings/hint-book.ts';
import { MemoryStore } from '../payloads/memory-store.ts';

export const minuteMs = 60_000;
export const marginMs = 20_000;

interface WorldCall {
  readonly ending: Ending;
  /** When Temporal's lists have it, epoch ms. */
  readonly listedAt: number;
}

interface WorldBatch {
  readonly batch: BatchEnded;
  /** When Temporal's lists have it, epoch ms. */
  readonly listedAt: number;
}

/** Returns numbers from 0 to 1, the same ones for each seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface RunningReader {
  place(): FeedPosition;
  runs(): boolean;
  stop(): void;
}

export class World {
  now = 1_000 * minuteMs;
  /** How often an operation fails, from 0 to 1. */
  faults = 0;
  /** Whether somebody wants changes of agents' statuses. */
  wanted = true;
  /** Whether a worker answers which statuses have changed. */
  answersStatuses = true;
  /** How often an agent's status changes in half a second, from 0 to 1. */
  restless = 0.1;
  readonly calls: WorldCall[] = [];
  readonly batches: WorldBatch[] = [];
  /** The lives of the workflow `agentHealth`, each with its changes. */
  readonly series: StateChanges[] = [new StateChanges()];
  /** What the consumers have written of each minute: the runs that ended in it. */
  readonly minutes = new Map<number, string[]>();
  readonly hints: EndingHints;
  readonly log: EndingLog;
  private readonly random: () => number;
  private readonly onFailed: (error: unknown) => void;
  private ended = 0;
  private readonly running: { readonly stopping: AbortController; readonly done: Promise<unknown> }[] = [];

  /** `onFailed` is called with what a reader reports. */
  constructor(seed: number, onFailed: (error: unknown) => void = () => undefined) {
    this.onFailed = onFailed;
    this.random = random(seed);
    const store = new MemoryStore();
    const { random: chance } = this;
    const write = store.writeOnce.bind(store);
    store.writeOnce = async (key, bytes) => {
      if (chance() < this.faults) throw new Error('The store failed before it wrote');
      await write(key, bytes);
      if (chance() < this.faults) throw new Error('The store failed after it had written');
    };
    this.log = new EndingLog(store);
    this.hints = new EndingHints(store);
  }

  /** Ends a call. Its lists have it up to 10 s later, and most calls give a hint, of which some are wrong. */
  end(): void {
    this.ended += 1;
    const id = String(this.ended);
    const ending: Ending = {
      callId: id,
      runId: `run-${id}`,
      agent: 'a',
      answeredBy: 'a',
      outcome: 'completed',
      startedAt: this.now - 1_000,
      endedAt: this.now,
      queuedMs: 0,
      attempts: [],
    };
    // Now and then a list lags for longer than a reader waits before it looks up a hint.
    this.calls.push({ ending, listedAt: this.now + 15_000 * this.random() ** 3 });
    if (this.random() < 0.8) this.hints.add(this.random() < 0.1 ? { ...ending, agent: 'wrong' } : ending);
  }

  /** Ends a batch. Lists have it up to 10 s later. */
  endBatch(): void {
    const id = `batch-${this.batches.length}`;
    const progress = { total: 1, done: 1, nowSucceeded: 1, failedAgain: 0, skipped: 0, cancelled: false };
    const times = { startedAt: this.now - 1_000, endedAt: this.now };
    this.batches.push({
      batch: { type: 'batch.ended', batchId: id, runId: id, status: 'completed', ...times, progress },
      listedAt: this.now + 10_000 * this.random(),
    });
  }

  changeStatus(): void {
    this.series.at(-1)?.note(`agent-${this.random()}`, 'healthy', 'degraded', this.now);
  }

  /** Somebody terminates the workflow that counts the changes; it begins anew. */
  loseStatuses(): void {
    this.series.push(new StateChanges());
  }

  /** Ends so many calls at the same time. */
  burst(count: number): void {
    for (let ended = 0; ended < count; ended++) this.end();
  }

  /** Starts a reader. While it waits, time passes, and calls end. */
  reader(position: FeedPosition = { segment: 0, listedAt: 0, steadySince: 0 }): RunningReader {
    const stopping = new AbortController();
    const reader = new EndingReader(
      {
        calls: this.temporal(),
        agentStates: this.statuses(),
        alerts: { changes: () => Promise.resolve({ series: '', sequence: 0, changes: [] }) },
        wants: () => this.wanted,
        wanting: () => [],
        refresh: () => Promise.resolve(true),
        log: this.log,
        hints: this.hints,
        consumers: [new Minutes(this.minutes)],
        marginMs,
        now: () => this.now,
        delay: async (ms) => {
          for (let at = 0; at < ms; at += 500) {
            this.now += 500;
            if (this.random() < 0.5) this.end();
            if (this.random() < 0.02) this.endBatch();
            if (this.random() < this.restless) this.changeStatus();
            await new Promise(setImmediate);
          }
        },
        onFailed: this.onFailed,
      },
      position,
    );
    let runs = true;
    const done = reader
      .run(stopping.signal, 0)
      .catch(() => undefined) // A later reader has begun.
      .finally(() => (runs = false));
    this.running.push({ stopping, done });
    return { place: () => reader.place, runs: () => runs, stop: () => stopping.abort() };
  }

  /** Stops all readers. */
  async stop(): Promise<void> {
    for (const { stopping } of this.running) stopping.abort();
    await Promise.all(this.running.map(({ done }) => done));
  }

  private statuses(): ReaderParts['agentStates'] {
    return {
      changes: (told) => {
        if (this.random() < this.faults || !this.answersStatuses)
          return Promise.reject(new Error('No worker answered'));
        const series = `life-${this.series.length}`;
        const changes = this.series.at(-1) ?? new StateChanges();
        const since = told?.series === series ? told.sequence : 0;
        return Promise.resolve({ series, sequence: changes.sequence, changes: changes.after(since) });
      },
      note: () => Promise.resolve(),
    };
  }

  private temporal(): Pick<EndedCalls, 'count' | 'between' | 'unlisted' | 'earlierRuns'> {
    const closed = (from: number, to: number): Ending[] => {
      if (this.random() < this.faults) throw new Error('Temporal did not answer');
      return this.calls
        .filter(
          ({ ending, listedAt }) => ending.endedAt > from && ending.endedAt <= to && listedAt <= this.now,
        )
        .map(({ ending }) => ending);
    };
    const { calls, batches } = this;
    const now = (): number => this.now;
    return {
      count: (from, to) => Promise.resolve(closed(from, to).length),
      async *between(from, to, seen, book: HintBook): AsyncGenerator<ClosedRun> {
        for (const ending of closed(from, to)) {
          await Promise.resolve();
          book.takeFor(ending.runId);
          const { runId, endedAt } = ending;
          if (!seen.has(runId)) yield { runId, endedAt, ending };
        }
        for (const { batch, listedAt } of batches) {
          const { runId, endedAt } = batch;
          if (listedAt > now() || endedAt <= from || endedAt > to || seen.has(runId)) continue;
          yield { runId, endedAt, batch };
        }
      },
      unlisted: ({ runId }) => Promise.resolve(calls.find(({ ending }) => ending.runId === runId)?.ending),
      earlierRuns: () => Promise.resolve([]),
    };
  }
}

/** Writes the runs of each minute once it is over, as figures do. */
class Minutes implements EndingConsumer {
  private readonly files: Map<number, string[]>;
  private open: Ending[] = [];

  constructor(files: Map<number, string[]>) {
    this.files = files;
  }

  async resume({ segments, usedUntil, until = 0 }: LogEnd): Promise<void> {
    this.open = segments.flatMap(({ endings }) => endings).filter(({ endedAt }) => endedAt >= usedUntil);
    await this.closeUntil(until);
  }

  async take({ endings, until }: Segment): Promise<void> {
    this.open.push(...endings);
    await this.closeUntil(until);
  }

  replace(): Promise<void> {
    return Promise.resolve();
  }

  pass(until: number): Promise<void> {
    return this.closeUntil(until);
  }

  private async closeUntil(until: number): Promise<void> {
    for (const [minute, endings] of byMinute(this.open)) {
      if ((minute + 1) * minuteMs > until) continue;
      await Promise.resolve();
      this.files.set(minute, endings.map(({ runId }) => runId).sort());
      this.open = this.open.filter((one) => !endings.includes(one));
    }
  }
}

/** Lets time pass. As Temporal does, starts a reader again that has ended because of an earlier one. */
export async function passTime(world: World, reader: RunningReader, ms: number): Promise<RunningReader> {
  const until = world.now + ms;
  let running = reader;
  while (world.now < until) {
    if (!running.runs()) running = world.reader(running.place());
    await new Promise(setImmediate);
  }
  return running;
}

/** Returns the segments that the log has, oldest first. */
export async function segmentsOf({ log }: World): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (let number = 1, segment; (segment = await log.read(number)); number++) segments.push(segment);
  return segments;
}

export function byMinute(endings: readonly Ending[]): Map<number, Ending[]> {
  const minutes = new Map<number, Ending[]>();
  for (const ending of endings) {
    const minute = Math.floor(ending.endedAt / minuteMs);
    minutes.set(minute, [...(minutes.get(minute) ?? []), ending]);
  }
  return minutes;
}
