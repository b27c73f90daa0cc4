/**
 * The log of endings in the payload store: numbered segments without gaps, `endings/log/<thousands>/<number>`. A segment is
 * written once, so of two readers that write at the same time, one learns that it was not the first.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Ending } from '../../domain/ending.ts';
import type { LogEvent } from '../../domain/log-event.ts';
import type { FeedEvent, ToldChanges } from '../../domain/feed-event.ts';
import { PayloadStoreError, type PayloadStore } from '../../payloads/payload-store.ts';

/**
 * One segment of the log. All times are epoch ms by Temporal's clock. The newest changes are those of this segment or an earlier
 * one.
 */
export interface Segment extends ToldChanges {
  readonly number: number;
  /** The fence of the reader that wrote it: each reader has a greater one than all readers before it. */
  readonly fence: number;
  /** When the calls were listed. */
  readonly at: number;
  /** Every call and batch that closed by then is in this segment or in an earlier one. */
  readonly until: number;
  /** In the order in which they ended. */
  readonly endings: readonly Ending[];
  /** What else has happened, in this order. Absent if nothing. */
  readonly events?: readonly FeedEvent[];
}

const root = 'endings/log/';
const perFolder = 1_000;
/** How much later than the list of its segment a call may have ended, in ms: the clocks of several servers differ. */
export const skewMs = 5_000;
/** So many segments in a row are missing only because they were swept: a sweep deletes whole folders. */
const sweptAfter = 16;
/** How often a segment is written if the store does not say whether it has it. */
const maxWrites = 3;

/** Methods throw `PayloadStoreError` if the store fails. */
export class EndingLog {
  private readonly store: PayloadStore;
  private readonly onDamaged: (key: string) => void;

  /** `onDamaged` is called with the key of each segment that cannot be parsed. */
  constructor(store: PayloadStore, onDamaged: (key: string) => void = () => undefined) {
    this.store = store;
    this.onDamaged = onDamaged;
  }

  /** Writes the segment unless its number is taken. Returns whether it was written. */
  async append(segment: Segment): Promise<boolean> {
    const key = keyOf(segment.number);
    const bytes = await promisify(gzip)(JSON.stringify(segment));
    for (let tries = 1; ; tries++) {
      await this.store.writeOnce(key, bytes);
      const stored = await this.store.read(key);
      if (stored) return stored.equals(bytes);
      if (tries === maxWrites) throw new PayloadStoreError(`${key} was written, and the store has it not`);
    }
  }

  /** Returns a segment. Undefined if there is none with this number. A damaged one is returned without its content. */
  async read(number: number): Promise<Segment | undefined> {
    const key = keyOf(number);
    const bytes = await this.store.read(key);
    if (!bytes) return undefined;
    try {
      return JSON.parse((await promisify(gunzip)(bytes)).toString()) as Segment;
    } catch {
      this.onDamaged(key);
      return { number, fence: 0, at: 0, until: 0, endings: [] };
    }
  }

  /**
   * Returns the number of the newest segment; 0 if there is none. `known` is the number of any segment, from which the search
   * begins; without it, with the first one that the store lists.
   */
  async newest(known: number): Promise<number> {
    let low = known > 0 && (await this.has(known)) ? known : await this.anyListed();
    if (low === 0) return 0;
    let high = low + 1; // Doubles the distance until the log ends before it.
    while (await this.has(high)) [low, high] = [high, high + 2 * (high - low)];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (await this.has(middle)) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Returns the number of the first segment that may have something from `ms` on (epoch ms), which may be the next one. */
  async firstSince(ms: number): Promise<number> {
    const newest = await this.newest(0);
    let low = 1;
    let high = newest + 1;
    // Segments are written in the order of their times.
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (await this.isBefore(ms, middle, high)) low = middle + 1;
      else high = middle;
    }
    return this.firstKept(low, newest);
  }

  /** Returns the number of the first segment from `number` on that is not swept or lost, or `newest + 1` if all are. */
  async firstKept(number: number, newest: number): Promise<number> {
    if (await this.has(number)) return number;
    for (let begin = number; begin <= newest; begin = nextFolder(begin)) {
      let first = Infinity;
      for await (const kept of this.listed(folderOf(begin))) if (kept >= begin) first = Math.min(first, kept);
      if (first < Infinity) return first;
    }
    return newest + 1;
  }

  /**
   * If the segment is missing, returns the number of one of the next 1,000, if there is any that was written before `beforeMs`
   * (epoch ms): then the missing one is lost. A newer one proves nothing: a network share may show it before this one.
   */
  async laterThan(number: number, beforeMs: number): Promise<number | undefined> {
    for (let distance = 1; distance < perFolder; distance *= 2) {
      const later = await this.read(number + distance);
      if (later) return later.at < beforeMs ? later.number : undefined;
    }
    return undefined;
  }

  /** Says that a segment is lost, like one that is damaged. */
  lost(number: number): void {
    this.onDamaged(keyOf(number));
  }

  /** Deletes the folders of which all segments were written before `beforeMs` (epoch ms, by the store's clock). */
  async sweep(beforeMs: number): Promise<void> {
    const old = new Map<string, boolean>();
    for await (const { key, writtenAt } of this.store.list(root)) {
      const folder = key.slice(0, key.lastIndexOf('/') + 1);
      old.set(folder, (old.get(folder) ?? true) && writtenAt.getTime() < beforeMs);
    }
    const last = keyOf(await this.greatestListed()).replace(/[^/]*$/, '');
    for (const [folder, isOld] of old) if (isOld && folder !== last) await this.store.deleteAll(folder);
  }

  /**
   * Whether segment `number` was swept, or has nothing from `ms` on. One that is damaged or lost has the time of the next one
   * before `end`.
   */
  private async isBefore(ms: number, number: number, end: number): Promise<boolean> {
    let missing = 0;
    for (let next = number; next < end && missing < sweptAfter; next++) {
      const segment = await this.read(next);
      if (!segment) missing += 1;
      else if (segment.at > 0) return segment.at + skewMs < ms;
    }
    return missing >= sweptAfter;
  }

  private async has(number: number): Promise<boolean> {
    return (await this.store.read(keyOf(number))) !== undefined;
  }

  private async greatestListed(): Promise<number> {
    let greatest = 0;
    for await (const number of this.listed()) greatest = Math.max(greatest, number);
    return greatest;
  }

  /** Returns the number of a segment that is not about to be swept; 0 if there is none. */
  private async anyListed(): Promise<number> {
    for await (const number of this.listed()) {
      // The first folder may be the one that a sweep deletes now; the last one never is.
      const next = nextFolder(number);
      return (await this.has(next)) ? next : number;
    }
    return 0;
  }

  private async *listed(folder = root): AsyncGenerator<number> {
    for await (const { key } of this.store.list(folder)) {
      const [, number] = /\/(\d+)$/.exec(key) ?? [];
      if (number !== undefined) yield Number(number);
    }
  }
}

/** Returns all that the segment has of them: its endings come first. */
export function eventsOf(segment: Segment | undefined): readonly LogEvent[] {
  return [...(segment?.endings ?? []), ...(segment?.events ?? [])];
}

const digits = (value: number): string => String(value).padStart(12, '0');
const folderOf = (number: number): string => `${root}${digits(Math.floor(number / perFolder))}/`;
const keyOf = (number: number): string => `${folderOf(number)}${digits(number)}`;
const nextFolder = (number: number): number => (Math.floor(number / perFolder) + 1) * perFolder;
