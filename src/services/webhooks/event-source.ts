/** Takes the events of one webhook that do not wait yet: those of the log, and those that somebody wants again. */
import type { DeliveryBook, Sending } from '../../domain/delivery-book.ts';
import { dayOf, type EventRef } from '../../domain/delivery-state.ts';
import type { DeliveryFiles } from './delivery-files.ts';
import type { EventLog } from './event-log.ts';

/** How many events of the log, and of each kind of redelivery, are taken at once. */
const mostAtOnce = 64;

interface SourceParts {
  readonly id: string;
  readonly files: DeliveryFiles;
  readonly log: EventLog;
  readonly book: DeliveryBook;
  /** How long the feed waits until nothing is missing, in ms. */
  readonly marginMs: number;
  /** Writes the book. */
  readonly save: () => Promise<void>;
}

/** Methods throw `PayloadStoreError`. */
export class EventSource {
  private readonly parts: SourceParts;
  /** Whether the last look has found that the log has no more events that are ready. */
  private atEnd = false;
  /** When the next event of the log will be ready that was not then, epoch ms. */
  private readyAt: number | undefined;

  constructor(parts: SourceParts) {
    this.parts = parts;
  }

  /** The end of the log, if every event before it is settled or waits. */
  get caughtUpAt(): number | undefined {
    return this.atEnd && this.readyAt === undefined ? this.parts.book.state.place.segment : undefined;
  }

  /** When something can be taken, epoch ms. Undefined if nothing can. */
  nextAt(now: number): number | undefined {
    const { book } = this.parts;
    if (book.takes(now) === 'none') return undefined;
    const isMore = book.state.one.length + book.state.ranges.length > 0 || !this.atEnd;
    return isMore ? now : this.readyAt;
  }

  /**
   * Takes as many events of each kind as the book lets. `isOrdered`: those of the log in the order in which they happened. If
   * it lets none, the log is not looked at, and may have more.
   */
  async take(isOrdered: boolean, now: number): Promise<Sending[]> {
    const { book } = this.parts;
    const takes = book.takes(now);
    this.atEnd = false;
    this.readyAt = undefined;
    if (takes === 'none') return [];
    if (takes === 'a probe') book.update({ probedAt: now });
    const most = takes === 'many' ? mostAtOnce : 1;
    await this.takeParked();
    const { one } = book.state;
    if (one.length > 0) book.update({ one: one.slice(most) });
    const again = [...one.slice(0, most), ...(await this.nextOfRange(most))];
    return [
      ...again.map(({ segment, index }) => ({ segment, index, since: now, tries: 0 })),
      ...(await this.nextOfLog(isOrdered, most)),
    ];
  }

  private async nextOfLog(isOrdered: boolean, most: number): Promise<Sending[]> {
    const { book, log, marginMs } = this.parts;
    const { place } = book.state;
    const taken = isOrdered ? await log.nextInOrder(place, most, marginMs) : await log.next(place, most);
    this.atEnd = taken.isAtEnd;
    this.readyAt = taken.readyAt;
    if (taken.place.segment !== place.segment || taken.place.index !== place.index || taken.found.length > 0)
      book.update({ place: taken.place });
    return taken.found.map(({ segment, index, at, listedAt }) => ({
      segment,
      index,
      // After an outage of all nodes it is listed much later.
      since: Math.max(at, listedAt, book.state.dueSince ?? 0),
      tries: 0,
    }));
  }

  /**
   * Takes the next file of the parked events that are to be sent again. Those that are parked after it has begun do not belong to
   * them: an event that the receiver refuses for good would come again and again.
   */
  private async takeParked(): Promise<void> {
    const { id, files, book, save } = this.parts;
    const { ranges, one } = book.state;
    const [range, ...others] = ranges;
    if (!range || range.place || one.length > 0) return;
    if (range.afterKey !== undefined) await files.unpark(range.afterKey, range);
    const { lastKey = (await files.lastParked(id)) ?? '' } = range;
    const next = await files.nextParked(id, { ...range, lastKey });
    if (!next) {
      book.update({ ranges: others });
      return;
    }
    book.update({
      one: next.entries.map(({ segment, index }) => ({ segment, index })),
      ranges: [{ ...range, afterKey: next.key, lastKey }, ...others],
    });
    for (const { at } of next.entries) book.countParked(dayOf(at), -1);
    await save(); // Before they are listed as parked no more.
  }

  private async nextOfRange(most: number): Promise<EventRef[]> {
    const { book, log } = this.parts;
    const [range, ...others] = book.state.ranges;
    if (!range?.place) return [];
    const taken = await log.range(range.place, range.from, range.to, most);
    book.update({ ranges: taken.isOver ? others : [{ ...range, place: taken.place }, ...others] });
    return [...taken.found];
  }
}
