/** Reads figures of a range of time, from the files that the writer of the cluster has written. */
import { setImmediate as othersTurn } from 'node:timers/promises';
import { pMapIterable } from 'p-map';
import { invalid } from '../../domain/failures.ts';
import {
  FiguresSum,
  selectRows,
  type FiguresFilter,
  type FiguresSummary,
} from '../../domain/figures-summary.ts';
import { startOf, startsBetween, stepMs, type Step } from '../../domain/figures-step.ts';
import { refusing } from '../../payloads/store-refusals.ts';
import type { FigureFiles, StoredFigures } from './figure-files.ts';
import { replaced } from './fold-hour.ts';

/** The figures that are asked for. Times are epoch ms. */
export interface FiguresWish extends FiguresFilter {
  readonly from: number;
  readonly to: number;
  readonly step: Step;
  /** Whether each interval has its agents. The total has them always. */
  readonly agentsByInterval: boolean;
}

export interface FiguresAnswer {
  /** The range, extended to whole intervals: epoch ms. */
  readonly from: number;
  readonly to: number;
  /** Calls that ended before this time (epoch ms) are counted, later ones not yet. Undefined if nothing was ever counted. */
  readonly completeUntil: number | undefined;
  /** Each interval of the range that has begun before `completeUntil`, also those without calls, oldest first. */
  readonly intervals: readonly FiguresInterval[];
  readonly total: FiguresSummary;
  /** The keys of the files that cannot be read: what they counted is missing. */
  readonly damaged: readonly string[];
}

export interface FiguresInterval {
  readonly from: number;
  readonly figures: FiguresSummary;
}

/** The most agents of all intervals together in one answer. */
const maxAgentIntervals = 50_000;
/** How many files are read ahead. */
const readAhead = 8;

export class Figures {
  private readonly files: FigureFiles;

  constructor(files: FigureFiles) {
    this.files = files;
  }

  /**
   * Returns figures by interval and in all. Percentiles are those of all calls of an interval, of every node. Throws the refusals
   * `payload_store_unavailable` and `validation_failed`, if there are too many agents for the intervals.
   */
  between(wish: FiguresWish): Promise<FiguresAnswer> {
    const damaged = new Set<string>();
    const reader = new Figures(this.files.noting((key) => damaged.add(key)));
    return refusing(async () => ({ ...(await reader.read(wish)), damaged: [...damaged] }));
  }

  /** Returns the time (epoch ms) before which all minutes are known; undefined if none is. Throws `PayloadStoreError`. */
  completeUntil(): Promise<number | undefined> {
    return this.files.closedUntil();
  }

  /** Returns the minute that begins at `at`; undefined if it has no calls. Throws `PayloadStoreError`. */
  minute(at: number): Promise<StoredFigures | undefined> {
    return this.files.minute(at);
  }

  private async read({ step, ...wish }: FiguresWish): Promise<Omit<FiguresAnswer, 'damaged'>> {
    const from = startOf(step, wish.from);
    const to = startOf(step, wish.to + stepMs[step] - 1);
    // Read first: minutes that are closed meanwhile may or may not be found.
    const completeUntil = await this.files.closedUntil();
    const known = Math.min(to, completeUntil ?? from);
    const total = new FiguresSum({ eachAgent: true });
    const intervals: FiguresInterval[] = [];
    let agents = 0;
    const parts = this.parts(step, from, known)[Symbol.asyncIterator]();
    let part = await parts.next();
    for (const at of startsBetween(step, from, known)) {
      const sum = new FiguresSum({ eachAgent: wish.agentsByInterval });
      for (; !part.done && part.value.at < at + stepMs[step]; part = await parts.next()) {
        const rows = selectRows(part.value.rows, wish);
        sum.add(rows);
        total.add(rows);
      }
      const figures = sum.summary();
      intervals.push({ from: at, figures });
      agents += figures.agents.size;
      if (agents > maxAgentIntervals)
        throw invalid(
          'agents',
          `more than ${maxAgentIntervals} in all intervals: ask for one agent or a longer step`,
        );
      await othersTurn(); // An answer may take seconds to compute.
    }
    return { from, to, completeUntil, intervals, total: total.summary() };
  }

  /** Yields stored figures that make up the range, oldest first: of its steps, or of shorter intervals where it has no others. */
  private async *parts(step: Step, from: number, to: number): AsyncGenerator<StoredFigures> {
    if (step === 'minute' || step === 'ten_minutes') {
      yield* this.minutes(from, to);
      return;
    }
    // The hour that is not over is in no file of an hour or day.
    const folded = startOf('hour', to);
    const days = pMapIterable(startsBetween('day', from, folded), (day) => this.ofDay(step, day, folded), {
      concurrency: readAhead,
    });
    for await (const found of days) yield* found.filter(({ at }) => at >= from && at < folded);
    yield* this.minutes(folded, to);
  }

  /** The day that is not over is read by hours: one that is folded meanwhile must not count twice. */
  private async ofDay(step: Step, day: number, folded: number): Promise<StoredFigures[]> {
    if (step === 'hour' || day + stepMs.day > folded) return this.files.hours(day);
    const sum = await this.files.day(day);
    return sum ? [sum] : [];
  }

  /** Yields the minutes of the range that have calls, oldest first. Throws `PayloadStoreError`. */
  async *minutes(from: number, to: number): AsyncGenerator<StoredFigures> {
    const hours = pMapIterable(startsBetween('hour', from, to), (hour) => this.ofHour(hour), {
      concurrency: readAhead,
    });
    for await (const found of hours) yield* found.filter(({ at }) => at >= from && at < to);
  }

  /** In this order: minutes that are folded meanwhile are in the second file. */
  private async ofHour(hour: number): Promise<StoredFigures[]> {
    const unfolded = await this.files.unfoldedMinutes(hour);
    return replaced(await this.files.foldedMinutes(hour), unfolded);
  }
}
