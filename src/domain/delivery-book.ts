/** What becomes of the events of one webhook: which wait, which are due, and whether new ones may be taken. */
import {
  dayOf,
  receiverState,
  type DeliveryState,
  type EventRef,
  type LastTry,
  type ReceiverState,
  type WaitingEvent,
} from './delivery-state.ts';

/** When so many events wait, the worst of them is parked for each new one that is taken: the state is one file. */
export const maxWaiting = 500;
/** Probes, and events of which it turns out late that they wait behind others, come on top. More than that never wait. */
const mostWaiting = 2 * maxWaiting;
/** A receiver that has taken an event within this time, and is not down, takes others than those that wait, in ms. */
const aliveMs = 60_000;
/** An event that has failed so often while the receiver takes others is refused for what it is. */
const refusedAfter = 3;
/** How often a new event is tried while many wait and none was taken lately, in ms: each adds one to those that wait. */
const probeMs = 60_000;
/** The same while the receiver seems to be down: perhaps it only refuses those that wait. */
const probeDownMs = 300_000;
/** How many jobs are remembered, so that a job that is handed over twice is done once. More never wait. */
const maxJobIds = 100;
/** The most lanes whose gap is remembered, so that the state stays small. */
const maxGaps = 1_000;
/** Counts of parked events are kept for as many days as events can be at most (HOLDFAST_ENDINGS_DAYS), and one. */
const countedDays = 366;

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

  get receiver(): ReceiverState {
    return receiverState(this.current);
  }

  /** How new events may be taken now: freely, one by one, one for the worst that waits, one as a probe, or not at all. */
  takes(now: number): 'many' | 'one' | 'one for the worst' | 'a probe' | 'none' {
    const { waiting, deliveredAt = -Infinity, probedAt = -Infinity, failingSince = 0 } = this.current;
    const { receiver } = this;
    if (waiting.length >= mostWaiting) return 'none';
    if (receiver === 'down')
      return now - Math.max(probedAt, failingSince) >= probeDownMs ? 'a probe' : 'none';
    if (waiting.length < maxWaiting) return receiver === 'up' ? 'many' : 'one';
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
    const { lane } = event;
    const at = waiting.findIndex((one) => isSame(one, event));
    const known = waiting[at];
    // It has a lane of which it knew nothing if the webhook is ordered since.
    if (known) this.update({ waiting: waiting.with(at, { ...known, ...(lane !== undefined && { lane }) }) });
    else this.update({ waiting: [...waiting, { ...onlySending(event), nextAt: 0 }] });
  }

  hasGap(lane: string | undefined): boolean {
    return lane !== undefined && this.current.gaps.includes(lane);
  }

  delivered(event: Sending, now: number, status: number): void {
    const { gaps, delivered } = this.current;
    this.settle(event);
    if (this.receiver !== 'up') this.retryNow(); // It is back.
    this.update({
      gaps: gaps.filter((lane) => lane !== event.lane),
      delivered: delivered + 1,
      failures: 0,
      failingSince: undefined,
      deliveredAt: now,
      lastTry: { at: now, status },
    });
  }

  /** Nothing is sent of the event, for example because its call was deleted. */
  dropped(event: Sending): void {
    this.settle(event);
  }

  parked(event: Sending, now: number): void {
    const { gaps, parked } = this.current;
    this.settle(event);
    const others = gaps.filter((lane) => lane !== event.lane);
    const isCounted = ([day]: [string, unknown]): boolean => Number(day) > dayOf(now) - countedDays;
    this.update({
      gaps: event.lane === undefined ? gaps : [...others, event.lane].slice(-maxGaps),
      parked: Object.fromEntries(Object.entries(parked).filter(isCounted)),
    });
    this.countParked(dayOf(now), 1);
  }

  /** Changes the number of events that were parked on this day. */
  countParked(day: number, change: number): void {
    const { [day]: before = 0, ...others } = this.current.parked;
    const count = Math.max(0, before + change);
    this.update({ parked: count === 0 ? others : { ...others, [day]: count } });
  }

  /**
   * `pauseMs` is the time until the next try. `isOurs`: the event could not be read or sent, and the receiver is not to blame.
   * That holds back no other event, but is shown as failing all the same.
   */
  failed(event: Sending, lastTry: LastTry, pauseMs: number, { isOurs = false } = {}): void {
    const { waiting, failures, failingSince } = this.current;
    const itself = { ...onlySending(event), tries: event.tries + 1, nextAt: lastTry.at + pauseMs };
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

/** Leaves out what is known of the event beside that, which is not stored. */
function onlySending({ segment, index, since, tries, lane }: Sending): Sending {
  return { segment, index, since, tries, ...(lane !== undefined && { lane }) };
}

function isSame(one: EventRef, other: EventRef): boolean {
  return one.segment === other.segment && one.index === other.index;
}
