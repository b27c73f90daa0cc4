/** Reads the events of one webhook from the log of endings. */
import { LRUCache } from 'lru-cache';
import type { EventRef, LogPlace } from '../../domain/delivery-book.ts';
import { timeOf, type LogEvent } from '../../domain/log-event.ts';
import { eventsOf, perFolder, type EndingLog } from '../endings/ending-log.ts';

/** An event of the log, and its place. */
export interface FoundEvent extends EventRef {
  readonly event: LogEvent;
  /** When it happened, epoch ms. */
  readonly at: number;
  /** When the reader of the endings learned of it, epoch ms. */
  readonly listedAt: number;
}

export interface Taken {
  readonly found: readonly FoundEvent[];
  readonly place: LogPlace;
  /** Whether the log has no more events that are ready. */
  readonly isAtEnd: boolean;
  /** When the next event will be ready that is not, epoch ms. */
  readonly readyAt?: number;
}

export interface RangeTaken {
  readonly found: readonly FoundEvent[];
  readonly place: EventRef;
  readonly isOver: boolean;
}

/** What a segment of the log has for the webhook. Times are those of the segment. */
interface OwnPart {
  readonly at: number;
  readonly until: number;
  readonly events: readonly FoundEvent[];
}

/** How many segments one look reads at most; the next look goes on. */
const maxRead = 500;
/** How much later than its list a call may have ended, in ms: the clocks of several servers differ. */
const skewMs = 5_000;

/** Methods throw `PayloadStoreError`. */
export class EventLog {
  private readonly log: EndingLog;
  private readonly id: string;
  private readonly parts = new LRUCache<number, OwnPart>({ max: 500 });

  constructor(log: EndingLog, webhookId: string) {
    this.log = log;
    this.id = webhookId;
  }

  /** Returns the event at this place. Undefined if the log has it no more. */
  async at({ segment, index }: EventRef): Promise<LogEvent | undefined> {
    return (await this.read(segment))?.events.find((one) => one.index === index)?.event;
  }

  /** Returns the next events of an unordered webhook, at most `most`, and the place after them. */
  async next(place: LogPlace, most: number): Promise<Taken> {
    let { segment, index } = await this.skipSwept(place);
    const found: FoundEvent[] = [];
    let part: OwnPart | undefined;
    for (let read = 0; read < maxRead && (part = await this.read(segment)); read++) {
      const left = part.events.filter((one) => one.index >= index && !isSettled(one, place));
      const taken = left.slice(0, most - found.length);
      found.push(...taken);
      if (taken.length < left.length) return { found, place: after(place, found.at(-1)), isAtEnd: false };
      segment += 1;
      index = 0;
    }
    return { found, place: { ...place, segment, index }, isAtEnd: part === undefined };
  }

  /**
   * Returns the next events of an ordered webhook in the order in which they happened: only those before which nothing can be
   * missing. `marginMs` is how long the feed waits until nothing is.
   */
  async nextInOrder(place: LogPlace, most: number, marginMs: number): Promise<Taken> {
    const { segment: first } = await this.skipSwept(place);
    const open: FoundEvent[] = [];
    let until = 0;
    let number = first;
    let part: OwnPart | undefined;
    const ready = (): FoundEvent[] => open.filter(({ at }) => at <= until);
    // What makes an event ready may be far behind it.
    const mayRead = (): boolean => number < first + maxRead || ready().length === 0;
    while (ready().length < most && mayRead() && (part = await this.read(number))) {
      until = Math.max(until, part.until);
      open.push(...part.events.filter((one) => !isSettled(one, place)));
      number += 1;
    }
    const inOrder = open.toSorted((one, other) => one.at - other.at || one.segment - other.segment);
    const readyInOrder = inOrder.filter(({ at }) => at <= until);
    // Those that were listed late are taken at once: they must not count as settled. So are all of one millisecond.
    const lastAt = readyInOrder[Math.min(most, readyInOrder.length) - 1]?.at ?? 0;
    const settledUntil = Math.max(place.settledUntil, lastAt);
    const found = readyInOrder.filter(({ at }) => at <= settledUntil);
    const [left] = inOrder.slice(found.length);
    const segment = inOrder.slice(found.length).reduce((least, one) => Math.min(least, one.segment), number);
    return {
      found,
      place: {
        segment,
        index: segment === place.segment ? place.index : 0,
        settledUntil,
        seen: Math.max(place.seen, number - 1),
      },
      isAtEnd: part === undefined && readyInOrder.length === found.length,
      ...(left && { readyAt: left.at + marginMs }),
    };
  }

  /** Returns the next events that happened from `from` up to `to` (epoch ms), from this place on. */
  async range(place: EventRef, from: number, to: number, most: number): Promise<RangeTaken> {
    let { segment, index } = await this.skipSwept(place);
    const found: FoundEvent[] = [];
    let part: OwnPart | undefined;
    for (let read = 0; read < maxRead && (part = await this.read(segment)); read++) {
      const left = part.events.filter((one) => one.index >= index && one.at >= from && one.at <= to);
      const taken = left.slice(0, most - found.length);
      found.push(...taken);
      if (taken.length < left.length) return { found, place: after(place, found.at(-1)), isOver: false };
      segment += 1;
      index = 0;
      if (part.until > to) return { found, place: { segment, index }, isOver: true };
    }
    return { found, place: { segment, index }, isOver: part === undefined };
  }

  /** Returns the number of the first segment that may have events from `from` on (epoch ms). */
  async firstSince(from: number): Promise<number> {
    let low = 1;
    let high = await this.log.newest(0);
    // Segments are written in the order of their times. One that was swept counts as too early.
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const part = await this.read(middle);
      if (part && part.at + skewMs >= from) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  private async read(number: number): Promise<OwnPart | undefined> {
    const known = this.parts.get(number);
    if (known) return known;
    const segment = await this.log.read(number);
    if (!segment) return undefined;
    const events = eventsOf(segment).flatMap((event, index) =>
      event.for?.includes(this.id)
        ? [{ segment: number, index, event, at: timeOf(event), listedAt: segment.at }]
        : [],
    );
    const part = { at: segment.at, until: segment.until, events };
    this.parts.set(number, part);
    return part;
  }

  /** The log deletes whole folders of old segments. */
  private async skipSwept<P extends EventRef>(place: P): Promise<P> {
    if ((await this.read(place.segment)) || place.segment <= 1) return place;
    if (await this.read(place.segment - 1)) return place; // It is the end of the log.
    const newest = await this.log.newest(0);
    // The log has begun anew, because its store was lost.
    if (newest > 0 && newest < place.segment - 1) return { ...place, segment: 1, index: 0, seen: 0 };
    let { segment } = place;
    while (segment <= newest && !(await this.read(segment)))
      segment = (Math.floor(segment / perFolder) + 1) * perFolder;
    return segment === place.segment ? place : { ...place, segment: Math.min(segment, newest + 1), index: 0 };
  }
}

/**
 * Whether the event was settled before. In the segment of the place these are the first ones, if the webhook was not ordered
 * then; otherwise those that happened by `settledUntil`.
 */
function isSettled({ segment, index, at }: FoundEvent, place: LogPlace): boolean {
  return (
    (segment === place.segment && index < place.index) || (segment <= place.seen && at <= place.settledUntil)
  );
}

/** Returns the place after an event. */
function after<P extends EventRef>(place: P, event: FoundEvent | undefined): P {
  return event ? { ...place, segment: event.segment, index: event.index + 1 } : place;
}
