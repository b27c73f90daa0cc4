/**
 * Sends the events of one webhook: those of the log, those that wait for their next try, and those that somebody wants again.
 * What has become of them is written each second, and before anything relies on it. If the process dies, events since then are
 * sent again, with the same ids.
 */
import type { LogEvent } from '../../domain/log-event.ts';
import { randomUUID } from 'node:crypto';
import pMap from 'p-map';
import type { DeliveryJob, LogGap } from '../../activities/deliveries.ts';
import { DeliveryBook, type Sending } from '../../domain/delivery-book.ts';
import { newDeliveries } from '../../domain/delivery-state.ts';
import type { Webhook } from '../../domain/webhook.ts';
import type { SendResult } from '../../receivers/send-event.ts';
import type { DeliveryFiles } from './delivery-files.ts';
import { nameOfEvent, type EventBody } from './event-body.ts';
import { DeliveryOutcomes, type OutcomeParts } from './delivery-outcomes.ts';
import { EventLog } from './event-log.ts';
import { EventSource } from './event-source.ts';
import { loadEvents, type Loaded } from './load-events.ts';
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

/** How many events one round sends at most, and how many of them at the same time. */
const perRound = 64;
const concurrency = 8;
const roundMs = 10_000;

interface Ends {
  readonly stop: AbortSignal;
  readonly end: AbortSignal;
}

export class Delivery {
  private readonly parts: DeliveryParts;
  private readonly log: EventLog;
  private readonly book: DeliveryBook;
  private readonly id: string;
  private readonly owner: string | undefined;
  private readonly outcomes: DeliveryOutcomes;
  private readonly source: EventSource;
  private readonly loadParts: Parameters<typeof loadEvents>[0];

  private constructor(parts: DeliveryParts, id: string, book: DeliveryBook) {
    this.owner = book.state.owner;
    this.parts = parts;
    this.id = id;
    this.book = book;
    this.log = new EventLog(parts.endings, id, parts.now);
    this.outcomes = new DeliveryOutcomes(parts, book);
    const { files, marginMs } = parts;
    this.source = new EventSource({ id, files, log: this.log, book, marginMs, save: () => this.save() });
    this.loadParts = { log: this.log, book, outcomes: this.outcomes, bodyOf: parts.bodyOf };
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
          place: { segment: await this.parts.endings.firstSince(from), index: 0 },
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
    const ready = await loadEvents(this.loadParts, taken, webhook);
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
      throw new Error('A later delivery of this webhook has begun: this one must stop');
    if (entries.length > 0) await files.append(this.id, now(), entries);
    this.outcomes.written();
    await files.writeState(this.id, this.book.state);
    this.book.saved();
  }

  /** Returns whether the receiver wants no more. */
  private async send(event: Loaded, webhook: Webhook, stop: AbortSignal): Promise<boolean> {
    const { logged, body, lane } = event;
    const { eventId } = nameOfEvent(logged);
    const outgoing = { eventId, text: body.text, isAfterGap: this.book.hasGap(lane) };
    let result: SendResult;
    try {
      result = await this.parts.send(webhook, outgoing, stop);
    } catch (error) {
      if (stop.aborted)
        this.book.waitBehind(event); // Cut off by ourselves: no failure.
      else this.outcomes.failed(event, logged, { error: notSent(error), isOurs: true });
      return false;
    }
    if (result.ok) this.outcomes.delivered(event, logged, { status: result.status, ms: result.ms });
    else this.outcomes.failed(event, logged, result);
    return !result.ok && result.gone === true;
  }

  /** Takes events that do not wait. If the receiver takes others and too many wait, parks the worst of these for each. */
  private async newOnes({ ordered }: Webhook): Promise<Sending[]> {
    const now = this.parts.now();
    const isFull = this.book.takes(now) === 'one for the worst';
    const taken = await this.source.take(ordered === true, now);
    if (isFull) for (let parked = 0; parked < taken.length; parked++) await this.parkWorst(now);
    return taken;
  }

  /** Parks the event that was tried most often. */
  private async parkWorst(now: number): Promise<void> {
    const worst = this.book.worst(now);
    if (!worst) return;
    const logged = await this.log.at(worst);
    if (logged) this.outcomes.park(worst, logged, 'too many events wait');
    else this.book.dropped(worst);
  }
}

/** For example because its URL was sealed with another key. */
function notSent(error: unknown): string {
  return `the event could not be sent: ${error instanceof Error ? error.message : String(error)}`;
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
