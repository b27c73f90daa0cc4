/** Reads the events of one webhook from the log of endings. */
import { LRUCache } from 'lru-cache';
import type { EventRef, LogPlace } from '../../domain/delivery-state.ts';
import { timeOf, type LogEvent } from '../../domain/log-event.ts';
import { eventsOf, type EndingLog } from '../endings/ending-log.ts';

/** An event of the log, and its place. */
export interface FoundEvent extends EventRef {
  readonly logged: LogEvent;
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

/** What a segment of the log has for the webhook. */
interface OwnPart {
  /** The segment's. */
  readonly until: number;
  readonly events: readonly FoundEvent[];
}

/** How many segments one look reads at most; the next look goes on. */
const maxRead = 500;

/** A segment is lost if one after it was written so long ago, in ms, and it is missing still. */
const lostAfterMs = 120_000;
/** How often it is found out whether the log goes on after a missing segment, in ms. */
const lostEveryMs = 10_000;

/** Methods throw `PayloadStoreError`. */
export class EventLog {
  private readonly log: EndingLog;
  private readonly id: string;
  private readonly parts = new LRUCache<number, OwnPart>({ max: 500 });

  private readonly now: () => number;
  /** When a missing segment was the end of the log, in ms by a clock that only runs forward. */
  private endedAt = -Infinity;

  /** `now` is epoch ms by Temporal's clock. */
  constructor(log: EndingLog, webhookId: string, now: () => number) {
    this.log = log;
    this.id = webhookId;
    this.now = now;
  }

  /** Returns the event at this place. Undefined if the log has it no more. */
  async at({ segment, index }: EventRef): Promise<LogEvent | undefined> {
    return (await this.read(segment))?.events.find((one) => one.index === index)?.logged;
  }

  /** Returns the next events of an unordered webhook, at most `most`, and the place after them. */
  async next(from: LogPlace, most: number): Promise<Taken> {
    const place = await this.skipSwept(from);
    let { segment, index } = place;
    const found: FoundEvent[] = [];
    let part: OwnPart | undefined;
    for (let read = 0; read < maxRead && (part = await this.readNext(segment)); read++) {
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
  async nextInOrder(from: LogPlace, most: number, marginMs: number): Promise<Taken> {
    const place = await this.skipSwept(from);
    const open: FoundEvent[] = [];
    let until = 0;
    let number = place.segment;
    let part: OwnPart | undefined;
    const ready = (): FoundEvent[] => open.filter(({ at }) => at <= until);
    const isStuck = (): boolean => open.length > 0 && ready().length === 0; // What makes it ready may be far behind it.
    const mayRead = (): boolean => number < place.segment + maxRead || isStuck();
    while (ready().length < most && mayRead() && (part = await this.readNext(number))) {
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
  async range(begin: EventRef, from: number, to: number, most: number): Promise<RangeTaken> {
    const place = await this.skipSwept(begin);
    let { segment, index } = place;
    const found: FoundEvent[] = [];
    let part: OwnPart | undefined;
    for (let read = 0; read < maxRead && (part = await this.readNext(segment)); read++) {
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

  /** The same as `read`; a segment that is lost is one that has nothing. Undefined at the end of the log. */
  private async readNext(number: number): Promise<OwnPart | undefined> {
    return (await this.read(number)) ?? ((await this.isLost(number)) ? { until: 0, events: [] } : undefined);
  }

  /** Whether the missing segment is none that is yet to come. */
  private async isLost(number: number): Promise<boolean> {
    if (performance.now() - this.endedAt < lostEveryMs) return false;
    const later = await this.log.laterThan(number, this.now() - lostAfterMs);
    if (later === undefined) this.endedAt = performance.now();
    else this.log.lost(number);
    return later !== undefined;
  }

  private async read(number: number): Promise<OwnPart | undefined> {
    const known = this.parts.get(number);
    if (known) return known;
    const segment = await this.log.read(number);
    if (!segment) return undefined;
    const events = eventsOf(segment).flatMap((logged, index) =>
      logged.for?.includes(this.id)
        ? [{ segment: number, index, logged, at: timeOf(logged), listedAt: segment.at }]
        : [],
    );
    const part = { until: segment.until, events };
    this.parts.set(number, part);
    return part;
  }

  /** Returns the place from which on there are segments: those before it may be swept, or lost. */
  private async skipSwept<P extends EventRef>(place: P): Promise<P> {
    if ((await this.read(place.segment)) || place.segment <= 1) return place;
    if (await this.read(place.segment - 1)) return place; // It is the end of the log.
    const newest = await this.log.newest(0);
    // The log has begun anew, because its store was lost.
    if (newest > 0 && newest < place.segment - 1)
      return { ...place, segment: 1, index: 0, ...('seen' in place && { seen: 0 }) };
    const segment = await this.log.firstKept(place.segment, newest);
    return segment === place.segment ? place : { ...place, segment, index: 0 };
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
