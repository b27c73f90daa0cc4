/**
 * How far the deliveries of one webhook have come. An event is settled when it was delivered, parked or dropped; an event that
 * failed waits for its next try. Times are epoch ms.
 */

/** The place of an event in the log of endings. */
export interface EventRef {
  readonly segment: number;
  /** Its place in the segment: the endings come first, then the other events. */
  readonly index: number;
}

/** An event that waits for its next try, or behind an earlier event of its session. */
export interface WaitingEvent extends EventRef {
  /** When it began to be due: when it happened, or when somebody had it sent again. */
  readonly since: number;
  /** How often it was sent. 0 if it waits behind another one. */
  readonly tries: number;
  readonly nextAt: number;
  /** Stands for the session if the webhook is ordered. Absent for events that wait for no other. */
  readonly lane?: string;
}

/** The events of the log up to here are settled or wait. */
export interface LogPlace {
  readonly segment: number;
  /** Of an unordered webhook: the index of the next event in the segment. */
  readonly index: number;
  /** Of an ordered one: events that happened by then are settled or wait, as far as they are in segments up to `seen`. */
  readonly settledUntil: number;
  readonly seen: number;
}

/** Events of the log, or parked ones, that are sent again. `from` and `to` are the times at which they happened. */
export interface Again {
  readonly from: number;
  readonly to: number;
  /** Where in the log to go on. Absent for parked events. */
  readonly place?: EventRef;
}

export interface LastTry {
  readonly at: number;
  /** The HTTP status. Absent if none came. */
  readonly status?: number;
  /** Absent if the event was delivered. */
  readonly error?: string;
}

export interface DeliveryState {
  readonly place: LogPlace;
  readonly waiting: readonly WaitingEvent[];
  /** Single events to send again. */
  readonly one: readonly EventRef[];
  /** Ranges to send again, the first of them now. */
  readonly ranges: readonly Again[];
  /** The lanes of which an event was parked and no later one is delivered yet. */
  readonly gaps: readonly string[];
  /** How many events in a row failed at their first try. */
  readonly failures: number;
  /** Since when no try has succeeded. */
  readonly failingSince?: number | undefined;
  readonly lastTry?: LastTry;
  readonly delivered: number;
  readonly deliveredAt?: number;
  /** Since when events can be sent: when the webhook was switched on last, or got another URL. */
  readonly dueSince?: number;
  /** When a new event was tried while many waited. */
  readonly probedAt?: number;
  /** The ids of the newest jobs that were taken. */
  readonly jobIds?: readonly string[];
  /** How many events were parked and not sent again since, by the day on which they were parked (days since 1970). */
  readonly parked: Readonly<Record<string, number>>;
  /** Who writes the state: a later delivery takes it over, and the one before must stop. */
  readonly owner?: string;
}

/** After so many events in a row have failed, no further ones are sent until one of those that wait succeeds. */
export const heldAfter = 5;
/** When so many events wait, the worst of them is parked for each new one that is taken. */
export const maxWaiting = 500;
/** More than that never wait. */
const mostWaiting = 2 * maxWaiting;
/** A receiver that has taken an event within this time is not down, in ms. */
const aliveMs = 5_000;
/** A receiver that has taken nothing for so long was down, in ms. */
const downMs = 60_000;
/** An event that has failed so often while the receiver takes others is refused. */
const refusedAfter = 3;
/** How often a new event is tried while many wait and none was taken lately, in ms. */
const probeMs = 60_000;
/** How many jobs are remembered, so that a job that is handed over twice is done once. */
const maxJobIds = 100;
/** The most lanes whose gap is remembered. */
const maxGaps = 1_000;
const firstBackoffMs = 5_000;
const maxBackoffMs = 15 * 60_000;

/** Begins with the first event of the segment. */
export function newDeliveries(segment: number): DeliveryState {
  return {
    place: { segment, index: 0, settledUntil: 0, seen: segment - 1 },
    waiting: [],
    one: [],
    ranges: [],
    gaps: [],
    failures: 0,
    delivered: 0,
    parked: {},
  };
}

/** Whether the receiver seems to be down: then only what waits is sent. */
export function isHeld({ failures, waiting }: DeliveryState): boolean {
  return failures >= heldAfter && waiting.filter(({ tries }) => tries > 0).length >= heldAfter;
}

/** Days since 1970. */
export const dayOf = (ms: number): number => Math.floor(ms / 86_400_000);

/** Returns how many events were parked since (epoch ms) and not sent again. */
export function parkedSince({ parked }: DeliveryState, since: number): number {
  return Object.entries(parked).reduce(
    (sum, [day, count]) => (Number(day) >= dayOf(since) ? sum + count : sum),
    0,
  );
}

/** The pause in ms before the next try. `random` is from 0 to 1. */
export function backoffMs(tries: number, random: number): number {
  return Math.min(firstBackoffMs * 2 ** (tries - 1), maxBackoffMs) * (0.9 + 0.2 * random);
}

/** An event that is being sent. */
export type Sending = Pick<WaitingEvent, 'segment' | 'index' | 'since' | 'tries' | 'lane'>;

export class DeliveryBook {
  private current: DeliveryState;
  private changed = false;

  constructor(state: DeliveryState) {
    this.current = state;
  }

  get state(): DeliveryState {
    return this.current;
  }

  /** Whether the state has changed since it was saved. */
  get isChanged(): boolean {
    return this.changed;
  }

  saved(): void {
    this.changed = false;
  }

  update(change: Partial<DeliveryState>): void {
    this.current = { ...this.current, ...change };
    this.changed = true;
  }

  /** How new events may be taken now: freely, one for the worst that waits, one as a probe, or not at all. */
  takes(now: number): 'many' | 'one for the worst' | 'a probe' | 'none' {
    const { waiting, deliveredAt = -Infinity, probedAt = -Infinity } = this.current;
    if (isHeld(this.current)) return 'none';
    if (waiting.length < maxWaiting) return 'many';
    if (waiting.length >= mostWaiting) return 'none';
    if (now - deliveredAt < aliveMs) return this.worst(now) ? 'one for the worst' : 'none';
    return now - probedAt >= probeMs ? 'a probe' : 'none';
  }

  /** The event that a receiver refuses most often, although it takes others. */
  worst(now: number): WaitingEvent | undefined {
    return this.current.waiting
      .filter(({ tries, nextAt }) => tries >= refusedAfter && nextAt > now)
      .toSorted((one, other) => other.tries - one.tries)[0];
  }

  /** Whether the job is taken for the first time. */
  isNewJob(id: string): boolean {
    const { jobIds = [] } = this.current;
    if (jobIds.includes(id)) return false;
    this.update({ jobIds: [...jobIds, id].slice(-maxJobIds) });
    return true;
  }

  /** Whether new events that are too old are parked without a try. */
  get isDown(): boolean {
    return this.current.failures >= heldAfter;
  }

  /** The waiting events to send now, but for those behind another one of their lane. */
  due(now: number): WaitingEvent[] {
    return this.heads().filter(({ nextAt }) => nextAt <= now);
  }

  /** When the next waiting event is due; undefined if none waits. */
  nextDueAt(): number | undefined {
    const heads = this.heads();
    return heads.length === 0 ? undefined : Math.min(...heads.map(({ nextAt }) => nextAt));
  }

  /** Whether another event waits that must be sent before this one. */
  isBehind(event: Sending): boolean {
    for (const one of this.current.waiting) {
      if (isSame(one, event)) return false;
      if (one.lane !== undefined && one.lane === event.lane) return true;
    }
    return false;
  }

  /** The waiting events that wait behind no other. */
  private heads(): WaitingEvent[] {
    const lanes = new Set<string>();
    const heads: WaitingEvent[] = [];
    for (const one of this.current.waiting) {
      if (one.lane === undefined || !lanes.has(one.lane)) heads.push(one);
      if (one.lane !== undefined) lanes.add(one.lane);
    }
    return heads;
  }

  /** Lets the event wait behind those of its lane. */
  waitBehind(event: Sending): void {
    const { waiting } = this.current;
    const { segment, index, since, tries, lane } = event;
    const itsLane = lane !== undefined && { lane };
    const at = waiting.findIndex((one) => isSame(one, event));
    const known = waiting[at];
    // It has a lane of which it knew nothing if the webhook is ordered since.
    if (known) this.update({ waiting: waiting.with(at, { ...known, ...itsLane }) });
    else this.update({ waiting: [...waiting, { segment, index, since, tries, nextAt: 0, ...itsLane }] });
  }

  hasGap(lane: string | undefined): boolean {
    return lane !== undefined && this.current.gaps.includes(lane);
  }

  delivered(event: Sending, now: number, status: number): void {
    const { gaps, delivered, failingSince = now } = this.current;
    this.settle(event);
    if (now - failingSince >= downMs) this.retryNow(); // It is back.
    this.update({ gaps: gaps.filter((lane) => lane !== event.lane), delivered: delivered + 1 });
    this.update({ failures: 0, failingSince: undefined, deliveredAt: now, lastTry: { at: now, status } });
  }

  /** Nothing is sent of the event, for example because its call was deleted. */
  dropped(event: Sending): void {
    this.settle(event);
  }

  parked(event: Sending, now: number): void {
    const { gaps } = this.current;
    this.settle(event);
    const others = gaps.filter((lane) => lane !== event.lane);
    this.countParked(dayOf(now), 1);
    this.update({
      gaps: event.lane === undefined ? gaps : [...others, event.lane].slice(-maxGaps),
    });
  }

  /** Changes the number of events that were parked on this day. */
  countParked(day: number, change: number): void {
    const { [day]: before = 0, ...others } = this.current.parked;
    const count = Math.max(0, before + change);
    this.update({ parked: count === 0 ? others : { ...others, [day]: count } });
  }

  /**
   * `pauseMs` is the time until the next try. `isOurs`: the event could not be read or sent, and the receiver is not to blame.
   */
  failed(event: Sending, lastTry: LastTry, pauseMs: number, { isOurs = false } = {}): void {
    const { waiting, failures, failingSince } = this.current;
    const { segment, index, since, lane } = event;
    const next = { segment, index, since, tries: event.tries + 1, nextAt: lastTry.at + pauseMs };
    const itself = { ...next, ...(lane !== undefined && { lane }) };
    const at = waiting.findIndex((one) => isSame(one, event));
    this.update({
      waiting: at < 0 ? [...waiting, itself] : waiting.with(at, itself),
      failures: event.tries === 0 && !isOurs ? failures + 1 : failures,
      failingSince: failingSince ?? lastTry.at,
      lastTry,
    });
  }

  /** Everything that waits is due now. */
  retryNow(): void {
    this.update({ waiting: this.current.waiting.map((one) => ({ ...one, nextAt: 0 })) });
  }

  /** Everything that waits, and what comes, is tried for as long as if it had just happened. */
  beginAnew(now: number): void {
    this.update({
      dueSince: now,
      waiting: this.current.waiting.map((one) => ({ ...one, since: now, nextAt: 0 })),
    });
  }

  private settle(event: EventRef): void {
    this.update({ waiting: this.current.waiting.filter((one) => !isSame(one, event)) });
  }
}

function isSame(one: EventRef, other: EventRef): boolean {
  return one.segment === other.segment && one.index === other.index;
}
