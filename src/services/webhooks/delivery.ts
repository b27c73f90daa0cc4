/**
 * Sends the events of one webhook: those of the log, those that wait for their next try, and those that somebody wants again.
 * What has become of them is written each second, and before anything relies on it. If the process dies, events since then are
 * sent again, with the same ids.
 */
import type { LogEvent } from '../../domain/log-event.ts';
import { randomUUID } from 'node:crypto';
import pMap from 'p-map';
import type { DeliveryJob, LogGap } from '../../activities/deliveries.ts';
import {
  backoffMs,
  dayOf,
  DeliveryBook,
  newDeliveries,
  unknownLane,
  type EventRef,
  type Sending,
} from '../../domain/delivery-book.ts';
import type { Webhook } from '../../domain/webhook.ts';
import type { SendResult } from '../../receivers/send-event.ts';
import type { DeliveryEntry, DeliveryFiles } from './delivery-files.ts';
import { nameOfEvent, type EventBody } from './event-body.ts';
import { EventLog } from './event-log.ts';
import type { Outgoing } from './webhook-sender.ts';
import type { EndingLog } from '../endings/ending-log.ts';

export interface DeliveryParts {
  readonly files: DeliveryFiles;
  readonly endings: EndingLog;
  /** See event-body.ts. */
  readonly bodyOf: (event: LogEvent, webhook: Webhook) => Promise<EventBody | 'deleted' | 'unwanted'>;
  readonly send: (webhook: Webhook, event: Outgoing, signal: AbortSignal) => Promise<SendResult>;
  /** Called for each try, and for each event that is parked or dropped. */
  readonly onOutcome: (outcome: DeliveryEntry['outcome']) => void;
  /** How long an event is tried before it is parked, in ms. */
  readonly retryMs: number;
  /** How long the feed waits until nothing is missing, in ms. */
  readonly marginMs: number;
  /** Epoch ms by Temporal's clock. */
  readonly now: () => number;
}

/** An event that is being sent, with what the log says of it. */
interface Loaded extends Sending {
  readonly event: LogEvent;
  readonly body: EventBody;
}

/** What is known of an event that is to be sent: its body, why it is not sent, or why it could not be read. */
interface LoadResult {
  readonly event: Sending;
  /** Undefined if the log has it no more. */
  readonly logged: LogEvent | undefined;
  readonly body?: EventBody | 'deleted' | 'unwanted';
  readonly error?: unknown;
}

/** Why a try failed. `isOurs`: the receiver is not to blame. */
type Failed = Partial<Omit<Extract<SendResult, { ok: false }>, 'ok' | 'error'>> & {
  readonly error: string;
  readonly isOurs?: boolean;
};

/** How many events one round sends at most, and how many of them at the same time. */
const perRound = 64;
const concurrency = 8;
const roundMs = 10_000;

interface Ends {
  readonly stop: AbortSignal;
  readonly end: AbortSignal;
}

/** Why an event is dropped. */
const isGone = 'the call is no longer there: it was deleted, or its retention is over';

/** Thrown if a later delivery of the webhook has begun: this one must stop. */
export class DeliverySuperseded extends Error {}

export class Delivery {
  private readonly parts: DeliveryParts;
  private readonly log: EventLog;
  private readonly book: DeliveryBook;
  private readonly id: string;
  private readonly owner: string | undefined;
  private entries: DeliveryEntry[] = [];
  private isChanged = false;
  private atEnd = false;
  private readyAt: number | undefined;

  private constructor(parts: DeliveryParts, id: string, book: DeliveryBook) {
    this.owner = book.state.owner;
    this.parts = parts;
    this.id = id;
    this.book = book;
    this.log = new EventLog(parts.endings, id);
  }

  /** Goes on where the last delivery has ended, which must stop. Throws `PayloadStoreError`, as the methods. */
  static async open(parts: DeliveryParts, { id, fromSegment }: Webhook): Promise<Delivery> {
    const state = (await parts.files.readState(id)) ?? newDeliveries(fromSegment);
    const owner = randomUUID();
    await parts.files.writeState(id, { ...state, owner });
    return new Delivery(parts, id, new DeliveryBook({ ...state, owner }));
  }

  /** The end of the log, if every event before it is settled or waits. */
  get caughtUpAt(): number | undefined {
    return this.atEnd && this.readyAt === undefined ? this.book.state.place.segment : undefined;
  }

  /** When something is to do next, epoch ms. Undefined if nothing is. */
  nextAt(now: number): number | undefined {
    const { state } = this.book;
    const isMore = state.one.length + state.ranges.length > 0 || !this.atEnd;
    const canTake = isMore && this.book.takes(now) !== 'none';
    const times = [this.book.nextDueAt(), this.readyAt, canTake ? 0 : undefined];
    return times.reduce(
      (least, time) => (time === undefined ? least : Math.min(least ?? time, time)),
      undefined,
    );
  }

  /** The log has nothing for the webhook from segment `after` up to segment `to`. */
  skip({ after, to }: LogGap): void {
    const { place } = this.book.state;
    if (after === place.segment && to > after) this.change({ place: { ...place, segment: to, index: 0 } });
  }

  async add(jobs: readonly DeliveryJob[]): Promise<void> {
    for (const job of jobs) {
      if (job.kind !== 'retry' && !this.book.isNewJob(job.id)) continue;
      const { one, ranges } = this.book.state;
      if (job.kind === 'retry') this.book.retryNow();
      else if (job.kind === 'one') this.change({ one: [...one, { segment: job.segment, index: job.index }] });
      else {
        const { from, to } = job;
        const place = job.kind === 'range' && {
          place: { segment: await this.log.firstSince(from), index: 0 },
        };
        this.change({ ranges: [...ranges, { from, to, ...place }] });
      }
      this.isChanged = true;
    }
  }

  /**
   * Sends some events, for at most some seconds or until `end` aborts: what is left then waits for the next round. `stop` cuts
   * off what is being sent. `gone` means that the receiver wants no more.
   */
  async round(webhook: Webhook, { stop, end }: Ends): Promise<'sent' | 'nothing' | 'gone'> {
    const due = this.book.due(this.parts.now()).slice(0, perRound);
    const taken = [...due, ...(await this.newOnes(webhook))];
    if (taken.length === 0) return 'nothing';
    const ready = await this.loadAll(taken, webhook);
    const begin = performance.now();
    const isOver = (): boolean => stop.aborted || end.aborted || performance.now() - begin >= roundMs;
    const gone = new Set<string>();
    const sendLane = async (lane: readonly Loaded[]): Promise<void> => {
      for (const event of lane) {
        if (gone.size > 0 || isOver() || this.book.isBehind(event)) this.book.waitBehind(event);
        else if (await this.send(event, webhook, stop)) gone.add(webhook.id);
      }
    };
    await pMap(inLanes(ready), sendLane, { concurrency });
    this.isChanged = true;
    return gone.size > 0 ? 'gone' : 'sent';
  }

  /** Writes what has changed. */
  async save(): Promise<void> {
    const { files, now } = this.parts;
    if (this.entries.length === 0 && !this.isChanged) return;
    const kept = await files.readState(this.id);
    if (kept?.owner !== this.owner)
      throw new DeliverySuperseded('A later delivery of this webhook has begun');
    if (this.entries.length > 0) await files.append(this.id, now(), this.entries);
    this.entries = [];
    if (this.isChanged) await files.writeState(this.id, this.book.state);
    this.isChanged = false;
  }

  /**
   * Returns the events that are to be sent, with their bodies. Throws if none of several can be read: then Temporal or the store
   * is away, and nothing has changed.
   */
  private async loadAll(events: readonly Sending[], webhook: Webhook): Promise<Loaded[]> {
    const results = await pMap(events, (event) => this.load(event, webhook), { concurrency });
    const failed = results.filter(({ error }) => error !== undefined);
    if (failed.length > 1 && failed.length === results.length) throw failed[0]?.error;
    return results.flatMap((result) => this.use(result, webhook));
  }

  private async load(event: Sending, webhook: Webhook): Promise<LoadResult> {
    try {
      const logged = await this.log.at(event);
      return { event, logged, body: logged ? await this.parts.bodyOf(logged, webhook) : 'unwanted' };
    } catch (error) {
      return { event, logged: await this.log.at(event).catch(() => undefined), error };
    }
  }

  /** Returns the event if it is to be sent. */
  private use({ event, logged, body, error }: LoadResult, webhook: Webhook): Loaded[] {
    if (error !== undefined) {
      const lane = webhook.ordered && { lane: event.lane ?? unknownLane };
      this.failed({ ...event, ...lane }, logged, { error: 'the call could not be read', isOurs: true });
      return [];
    }
    if (typeof body === 'object' && logged) {
      const { segment, index, since, tries } = event;
      const lane = webhook.ordered && body.lane !== undefined && { lane: body.lane };
      const loaded = { segment, index, since, tries, event: logged, body, ...lane };
      if (event.tries > 0 || !this.book.isDown || !this.isOverdue(event)) return [loaded];
      this.park(loaded, logged, 'the receiver has failed for too long');
      return [];
    }
    this.book.dropped(event);
    const what = { at: this.parts.now(), outcome: 'dropped', tries: event.tries, error: isGone } as const;
    if (body === 'deleted' && logged) this.note(event, logged, what);
    return [];
  }

  /** Returns whether the receiver wants no more. */
  private async send(event: Loaded, webhook: Webhook, stop: AbortSignal): Promise<boolean> {
    const { eventId } = nameOfEvent(event.event);
    const outgoing = { eventId, text: event.body.text, isAfterGap: this.book.hasGap(event.lane) };
    const result = await this.parts.send(webhook, outgoing, stop).catch(() => undefined);
    if (!result) {
      if (stop.aborted)
        this.book.waitBehind(event); // Cut off by ourselves: no failure.
      else this.failed(event, event.event, { error: 'the event could not be sent', isOurs: true });
      return false;
    }
    if (result.ok) {
      const { status, ms } = result;
      const at = this.parts.now();
      this.book.delivered(event, at, status);
      this.note(event, event.event, { at, outcome: 'delivered', tries: event.tries + 1, status, ms });
      return false;
    }
    this.failed(event, event.event, result);
    return result.gone === true;
  }

  /** Lets the event wait for its next try, or parks it. */
  private failed(event: Sending, logged: LogEvent | undefined, why: Failed): void {
    const { error, status, ms, retryAfterSeconds = 0, gone = false, isOurs = false } = why;
    const at = this.parts.now();
    const tries = event.tries + 1;
    const pauseMs = Math.max(retryAfterSeconds * 1_000, backoffMs(tries, Math.random()));
    const answered = status !== undefined && { status };
    this.book.failed(event, { at, error, ...answered }, pauseMs, { isOurs });
    if (!logged) return;
    this.note(event, logged, {
      at,
      outcome: 'failed',
      tries,
      error,
      ...answered,
      ...(ms !== undefined && { ms }),
    });
    if (!gone && this.isOverdue(event)) this.park({ ...event, tries }, logged, error);
  }

  private isOverdue({ since }: Sending): boolean {
    return this.parts.now() - since >= this.parts.retryMs;
  }

  private park(event: Sending, logged: LogEvent, error: string): void {
    const at = this.parts.now();
    this.book.parked(event, at);
    this.note(event, logged, { at, outcome: 'parked', tries: event.tries, error });
  }

  /** Adds a line to the log of deliveries. */
  private note(
    { segment, index }: Sending,
    logged: LogEvent,
    what: Pick<DeliveryEntry, 'at' | 'outcome' | 'tries' | 'status' | 'error' | 'ms'>,
  ): void {
    this.entries.push({ ...nameOfEvent(logged), segment, index, ...what });
    this.parts.onOutcome(what.outcome);
  }

  /** Takes events that do not wait: those of the log, and those to send again. */
  private async newOnes({ ordered }: Webhook): Promise<Sending[]> {
    this.atEnd = false; // Unless the log says so.
    const now = this.parts.now();
    const takes = this.book.takes(now);
    if (takes === 'none') return [];
    if (takes === 'one for the worst') await this.parkOne();
    if (takes === 'a probe') this.change({ probedAt: now });
    const most = takes === 'many' && !this.book.isDown ? perRound : 1;
    await this.takeParked();
    const { one } = this.book.state;
    if (one.length > 0) this.change({ one: one.slice(most) });
    const again = [...one.slice(0, most), ...(await this.nextOfRange(most))];
    const since = { since: now, tries: 0 };
    return [...again.map((ref) => ({ ...ref, ...since })), ...(await this.nextOfLog(ordered === true, most))];
  }

  /** Parks the event that was tried most often: the receiver takes others, and too many wait. */
  private async parkOne(): Promise<void> {
    const worst = this.book.worst(this.parts.now());
    if (!worst) return;
    const logged = await this.log.at(worst);
    if (logged) this.park(worst, logged, 'too many events wait');
    else this.book.dropped(worst);
  }

  private async nextOfLog(isOrdered: boolean, most: number): Promise<Sending[]> {
    const { place } = this.book.state;
    const { marginMs } = this.parts;
    const taken = isOrdered
      ? await this.log.nextInOrder(place, most, marginMs)
      : await this.log.next(place, most);
    this.atEnd = taken.isAtEnd;
    this.readyAt = taken.readyAt;
    if (taken.place.segment !== place.segment || taken.place.index !== place.index || taken.found.length > 0)
      this.change({ place: taken.place });
    return taken.found.map(({ segment, index, at, listedAt }) => ({
      segment,
      index,
      since: Math.max(at, listedAt), // After an outage of all nodes it may be much later.
      tries: 0,
    }));
  }

  /** Takes the first file of the parked events that are to be sent again. */
  private async takeParked(): Promise<void> {
    const { ranges, one } = this.book.state;
    const [range, ...others] = ranges;
    if (!range || range.place || one.length > 0) return;
    for await (const file of this.parts.files.parked(this.id, range.from, range.to)) {
      const refs = file.entries.map(({ segment, index }) => ({ segment, index }));
      this.change({ one: refs });
      for (const { at } of file.entries) this.book.countParked(dayOf(at), -1);
      await this.save(); // Before they are listed as parked no more.
      return this.parts.files.unpark(file);
    }
    this.change({ ranges: others });
  }

  private async nextOfRange(most: number): Promise<EventRef[]> {
    const [range, ...others] = this.book.state.ranges;
    if (!range?.place) return [];
    const taken = await this.log.range(range.place, range.from, range.to, most);
    this.change({ ranges: taken.isOver ? others : [{ ...range, place: taken.place }, ...others] });
    return taken.found.map(({ segment, index }) => ({ segment, index }));
  }

  private change(change: Parameters<DeliveryBook['update']>[0]): void {
    this.book.update(change);
    this.isChanged = true;
  }
}

/** Groups the events of each session, which are sent one after the other. Those without a lane are groups of their own. */
function inLanes(events: readonly Loaded[]): Loaded[][] {
  const lanes = new Map<string, Loaded[]>();
  for (const event of events) {
    const lane = event.lane ?? `${event.segment}/${event.index}`;
    lanes.set(lane, [...(lanes.get(lane) ?? []), event]);
  }
  return [...lanes.values()];
}
