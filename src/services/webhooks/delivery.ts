/**
 * Sends the events of one webhook: those of the log, those that wait for their next try, and those that somebody wants again.
 * What has become of them is written each second, and before anything relies on it. If the process dies, events since then are
 * sent again, with the same ids.
 */
import type { LogEvent } from '../../domain/log-event.ts';
import { randomUUID } from 'node:crypto';
import pMap from 'p-map';
import type { DeliveryJob, LogGap } from '../../activities/deliveries.ts';
import { DeliveryBook, newDeliveries, type Sending } from '../../domain/delivery-book.ts';
import type { Webhook } from '../../domain/webhook.ts';
import type { SendResult } from '../../receivers/send-event.ts';
import type { DeliveryFiles } from './delivery-files.ts';
import { nameOfEvent, type EventBody } from './event-body.ts';
import { DeliveryOutcomes, type OutcomeParts } from './delivery-outcomes.ts';
import { EventLog } from './event-log.ts';
import { EventSource } from './event-source.ts';
import type { Outgoing } from './webhook-sender.ts';
import type { EndingLog } from '../endings/ending-log.ts';

export interface DeliveryParts extends OutcomeParts {
  readonly files: DeliveryFiles;
  readonly endings: EndingLog;
  /** See event-body.ts. */
  readonly bodyOf: (event: LogEvent, webhook: Webhook) => Promise<EventBody | 'deleted' | 'unwanted'>;
  readonly send: (webhook: Webhook, event: Outgoing, signal: AbortSignal) => Promise<SendResult>;
  /** How long the feed waits until nothing is missing, in ms. */
  readonly marginMs: number;
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

/** How many events one round sends at most, and how many of them at the same time. */
const perRound = 64;
const concurrency = 8;
const roundMs = 10_000;
/** If so many events cannot be read and no other can, it is not their fault. */
const isAwayFrom = 8;

interface Ends {
  readonly stop: AbortSignal;
  readonly end: AbortSignal;
}

/** Thrown if a later delivery of the webhook has begun: this one must stop. */
export class DeliverySuperseded extends Error {}

export class Delivery {
  private readonly parts: DeliveryParts;
  private readonly log: EventLog;
  private readonly book: DeliveryBook;
  private readonly id: string;
  private readonly owner: string | undefined;
  private readonly outcomes: DeliveryOutcomes;
  private readonly source: EventSource;

  private constructor(parts: DeliveryParts, id: string, book: DeliveryBook) {
    this.owner = book.state.owner;
    this.parts = parts;
    this.id = id;
    this.book = book;
    this.log = new EventLog(parts.endings, id);
    this.outcomes = new DeliveryOutcomes(parts, book);
    const { files, marginMs } = parts;
    this.source = new EventSource({ id, files, log: this.log, book, marginMs, save: () => this.save() });
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
    return this.source.caughtUpAt;
  }

  /** When something is to do next, epoch ms. Undefined if nothing is. */
  nextAt(now: number): number | undefined {
    const times = [this.book.nextDueAt(), this.source.nextAt(now)].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** The log has nothing for the webhook from segment `after` up to segment `to`. */
  skip({ after, to }: LogGap): void {
    const { place } = this.book.state;
    if (after === place.segment && to > after)
      this.book.update({ place: { ...place, segment: to, index: 0 } });
  }

  async add(jobs: readonly DeliveryJob[]): Promise<void> {
    for (const job of jobs) {
      if (job.kind !== 'retry' && !this.book.isNewJob(job.id)) continue;
      const { one, ranges } = this.book.state;
      if (job.kind === 'retry') this.book.beginAnew(this.parts.now());
      else if (job.kind === 'one')
        this.book.update({ one: [...one, { segment: job.segment, index: job.index }] });
      else {
        const { from, to } = job;
        const place = job.kind === 'range' && {
          place: { segment: await this.log.firstSince(from), index: 0 },
        };
        this.book.update({ ranges: [...ranges, { from, to, ...place }] });
      }
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
    const counts = { sent: 0, gone: 0 };
    const sendLane = async (lane: readonly Loaded[]): Promise<void> => {
      for (const event of lane) {
        if (counts.gone > 0 || isOver() || this.book.isBehind(event)) {
          this.book.waitBehind(event);
          continue;
        }
        counts.sent += 1;
        if (await this.send(event, webhook, stop)) counts.gone += 1;
      }
    };
    await pMap(inLanes(ready), sendLane, { concurrency });
    if (counts.gone > 0) return 'gone';
    const isProgress = counts.sent > 0 || ready.length < taken.length || taken.length > due.length;
    return isProgress ? 'sent' : 'nothing';
  }

  /** Writes what has changed. */
  async save(): Promise<void> {
    const { files, now } = this.parts;
    const { entries } = this.outcomes;
    if (entries.length === 0 && !this.book.isChanged) return;
    const kept = await files.readState(this.id);
    if (kept?.owner !== this.owner)
      throw new DeliverySuperseded('A later delivery of this webhook has begun');
    if (entries.length > 0) await files.append(this.id, now(), entries);
    this.outcomes.written();
    await files.writeState(this.id, this.book.state);
    this.book.saved();
  }

  /**
   * Returns the events that are to be sent, with their bodies. Throws if none of many can be read: then Temporal or the store is
   * away, and the delivery begins anew where it was written last.
   */
  private async loadAll(events: readonly Sending[], webhook: Webhook): Promise<Loaded[]> {
    const results = await pMap(events, (event) => this.load(event, webhook), { concurrency });
    const failed = results.filter(({ error }) => error !== undefined);
    if (failed.length >= isAwayFrom && failed.length === results.length) throw failed[0]?.error;
    const ready: Loaded[] = [];
    for (const result of results) {
      // Otherwise those before it would wait behind it.
      if (webhook.ordered && result.error !== undefined)
        for (const earlier of ready) this.book.waitBehind(earlier);
      ready.push(...this.use(result));
    }
    return ready;
  }

  /** Throws if the log cannot be read. */
  private async load(event: Sending, webhook: Webhook): Promise<LoadResult> {
    const logged = await this.log.at(event);
    const { segment, index, since, tries } = event;
    const lane = webhook.ordered && logged && 'lane' in logged && { lane: logged.lane };
    const itself = { segment, index, since, tries, ...lane };
    try {
      return { event: itself, logged, body: logged ? await this.parts.bodyOf(logged, webhook) : 'unwanted' };
    } catch (error) {
      return { event: itself, logged, error };
    }
  }

  /** Returns the event if it is to be sent. */
  private use({ event, logged, body, error }: LoadResult): Loaded[] {
    if (error !== undefined) {
      this.outcomes.failed(event, logged, { error: 'the call could not be read', isOurs: true });
      return [];
    }
    if (typeof body === 'object' && logged) {
      const loaded = { ...event, event: logged, body };
      if (event.tries > 0 || !this.book.isDown || !this.outcomes.isOverdue(event)) return [loaded];
      this.outcomes.park(loaded, logged, 'the receiver has failed for too long');
      return [];
    }
    if (body === 'deleted' && logged) this.outcomes.dropped(event, logged);
    else this.book.dropped(event);
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
      else this.outcomes.failed(event, event.event, { error: 'the event could not be sent', isOurs: true });
      return false;
    }
    if (result.ok) {
      this.outcomes.delivered(event, event.event, { status: result.status, ms: result.ms });
      return false;
    }
    this.outcomes.failed(event, event.event, result);
    return result.gone === true;
  }

  /** Takes events that do not wait. */
  private async newOnes({ ordered }: Webhook): Promise<Sending[]> {
    const now = this.parts.now();
    const takes = this.book.takes(now);
    if (takes === 'none') {
      this.source.leave();
      return [];
    }
    if (takes === 'one for the worst') await this.parkWorst(now);
    if (takes === 'a probe') this.book.update({ probedAt: now });
    const most = takes === 'many' && !this.book.isDown ? perRound : 1;
    return this.source.take(ordered === true, most, now);
  }

  /** Parks the event that was tried most often: the receiver takes others, and too many wait. */
  private async parkWorst(now: number): Promise<void> {
    const worst = this.book.worst(now);
    if (!worst) return;
    const logged = await this.log.at(worst);
    if (logged) this.outcomes.park(worst, logged, 'too many events wait');
    else this.book.dropped(worst);
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
