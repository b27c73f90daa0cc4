/**
 * The files of figures in the payload store. Each is gzipped, one line of JSON per interval, and the first line is the sum of the
 * others:
 *
 *     figures/2026-11-30/08/05.gz   a minute, until its hour is folded: one line
 *     figures/2026-11-30/08.gz      an hour: its sum, then its minutes
 *     figures/2026-11-30/day.gz     a day: its sum, then its hours that are folded
 *     figures/closed-until          the time before which all minutes are written
 *
 * An interval without calls has no file and no line. Of calls, the files hold only the run ids of
 * those that were reset.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { FiguresRow } from '../../domain/figures.ts';
import { startOf, stepMs } from '../../domain/figures-step.ts';
import type { PayloadStore } from '../../payloads/payload-store.ts';

/** The figures of one interval. */
export interface StoredFigures {
  /** The start of the interval: epoch ms. */
  readonly at: number;
  readonly rows: readonly FiguresRow[];
  /** Of a minute: the endings that were taken out of it. */
  readonly removed?: readonly RemovedEnding[];
}

/** An ending that a later run of its call replaces. The rows are what it counted. */
export interface RemovedEnding {
  readonly runId: string;
  readonly rows: readonly FiguresRow[];
}

const prefix = 'figures/';
const closedUntilKey = `${prefix}closed-until`;
const minuteKey = /^figures\/(\d{4}-\d\d-\d\d)\/(\d\d)\/(\d\d)\.gz$/;
const dayOfKey = /^figures\/(\d{4}-\d\d-\d\d)\//;

/** Reads and writes the files. Methods throw `PayloadStoreError`. */
export class FigureFiles {
  private readonly store: PayloadStore;
  private readonly onDamaged: (key: string) => void;

  /** `onDamaged` is called with the key of each file that cannot be parsed; it counts as missing. */
  constructor(store: PayloadStore, onDamaged: (key: string) => void = () => undefined) {
    this.store = store;
    this.onDamaged = onDamaged;
  }

  /** Returns the same files; `onDamaged` is called as well. */
  noting(onDamaged: (key: string) => void): FigureFiles {
    return new FigureFiles(this.store, (key) => {
      this.onDamaged(key);
      onDamaged(key);
    });
  }

  /** Returns the time (epoch ms) before which all minutes are written; undefined if none is. */
  async closedUntil(): Promise<number | undefined> {
    const text = await this.store.read(closedUntilKey);
    if (!text) return undefined;
    const ms = Date.parse(text.toString());
    if (!Number.isNaN(ms)) return ms;
    this.onDamaged(closedUntilKey);
    return undefined;
  }

  writeClosedUntil(ms: number): Promise<void> {
    return this.store.write(closedUntilKey, Buffer.from(new Date(ms).toISOString()));
  }

  /** Returns a minute: the one that was written last, folded or not. */
  async minute(at: number): Promise<StoredFigures | undefined> {
    const [written] = await this.read(keyOfMinute(at));
    return written ?? (await this.foldedMinutes(at)).find((minute) => minute.at === at);
  }

  writeMinute(minute: StoredFigures): Promise<void> {
    return this.write(keyOfMinute(minute.at), [minute]);
  }

  /** Returns the written minutes of the hour that are not folded, or not since they were written again. */
  async unfoldedMinutes(hour: number): Promise<StoredFigures[]> {
    const found: StoredFigures[] = [];
    for await (const { key } of this.store.list(folderOfHour(hour)))
      if (minuteKey.test(key)) found.push(...(await this.read(key)));
    return found;
  }

  /** Returns the minutes in the file of the hour that contains `ms`. */
  async foldedMinutes(ms: number): Promise<StoredFigures[]> {
    return (await this.read(keyOfHour(ms))).slice(1);
  }

  /** Writes the file of an hour: its sum and its minutes. */
  writeHour(sum: StoredFigures, minutes: readonly StoredFigures[]): Promise<void> {
    return this.write(keyOfHour(sum.at), [sum, ...minutes]);
  }

  /** Returns the sums of the folded hours of the day that contains `ms`. */
  async hours(ms: number): Promise<StoredFigures[]> {
    return (await this.read(keyOfDay(ms))).slice(1);
  }

  /** Returns the sum of the folded hours of the day that contains `ms`. */
  async day(ms: number): Promise<StoredFigures | undefined> {
    const [sum] = await this.read(keyOfDay(ms), 1);
    return sum;
  }

  /** Writes the file of a day: its sum and its hours. */
  writeDay(sum: StoredFigures, hours: readonly StoredFigures[]): Promise<void> {
    return this.write(keyOfDay(sum.at), [sum, ...hours]);
  }

  /** Deletes the files of the hour's minutes, which its own file has. */
  dropMinutes(hour: number): Promise<void> {
    return this.store.deleteAll(folderOfHour(hour));
  }

  /** Returns the hours of the day that contains `ms` that have minutes in files of their own. */
  async unfoldedHours(ms: number): Promise<number[]> {
    const found = new Set<number>();
    for await (const { key } of this.store.list(folderOfDay(ms))) {
      const [, day, hour] = minuteKey.exec(key) ?? [];
      if (day !== undefined) found.add(Date.parse(`${day}T${hour}:00Z`));
    }
    return [...found];
  }

  /** Deletes the days that were over before `ms`. Returns how many. */
  async dropBefore(ms: number): Promise<number> {
    const over = new Set<number>();
    for await (const { key } of this.store.list(prefix)) {
      const [, day] = dayOfKey.exec(key) ?? [];
      if (day !== undefined && Date.parse(day) + stepMs.day <= ms) over.add(Date.parse(day));
    }
    for (const day of over) await this.store.deleteAll(folderOfDay(day));
    return over.size;
  }

  private async write(key: string, intervals: readonly StoredFigures[]): Promise<void> {
    const text = intervals.map((one) => `${JSON.stringify(one)}\n`).join('');
    await this.store.write(key, await promisify(gzip)(text));
  }

  /** Returns the first `lines` lines of a file, by default all. */
  private async read(key: string, lines?: number): Promise<StoredFigures[]> {
    const bytes = await this.store.read(key);
    if (!bytes) return [];
    try {
      const text = (await promisify(gunzip)(bytes)).toString();
      return text
        .split('\n', lines)
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as StoredFigures);
    } catch {
      this.onDamaged(key);
      return [];
    }
  }
}

/** `2026-11-30T08:05:00.000Z`, of which the keys are parts. */
const isoOf = (ms: number): string => new Date(ms).toISOString();
const folderOfDay = (ms: number): string => `${prefix}${isoOf(ms).slice(0, 10)}/`;
const folderOfHour = (ms: number): string => `${folderOfDay(ms)}${isoOf(ms).slice(11, 13)}/`;
const keyOfDay = (ms: number): string => `${folderOfDay(ms)}day.gz`;
const keyOfHour = (ms: number): string => `${folderOfDay(ms)}${isoOf(ms).slice(11, 13)}.gz`;
const keyOfMinute = (ms: number): string =>
  `${folderOfHour(ms)}${isoOf(startOf('minute', ms)).slice(14, 16)}.gz`;
