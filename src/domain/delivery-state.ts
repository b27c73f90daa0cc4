/**
 * How far the deliveries of one webhook have come, as it is stored (services/webhooks/delivery-files.ts). An event is settled when
 * it was delivered, parked or dropped; an event that failed waits for its next try. Times are epoch ms.
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
export interface RedeliveryRange {
  readonly from: number;
  readonly to: number;
  /** Where in the log to go on. Absent for parked events. */
  readonly place?: EventRef;
  /** Of parked events: the key of the file whose events were taken last, and of the last one that is taken. */
  readonly afterKey?: string;
  readonly lastKey?: string;
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
  readonly ranges: readonly RedeliveryRange[];
  /** The lanes of which an event was parked and no later one is delivered yet. */
  readonly gaps: readonly string[];
  /** How many events in a row failed at their first try. */
  readonly failures: number;
  /** Since when no try has succeeded, though the last event that failed may be parked or dropped by now. */
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

/** How many redeliveries of a webhook may wait: those of a time, and those of single events. */
export const maxRanges = 20;
export const maxSingles = 1_000;

/** After so many events in a row have failed, no further ones are sent until one of those that wait succeeds. */
export const heldAfter = 5;

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

/**
 * What the receiver seems to be. `up`: it takes events. `doubtful`: several in a row have failed, and too few of these wait to
 * find out by them whether it is back, so new events are tried one at a time. `down`: only what waits is tried, and few others.
 */
export type ReceiverState = 'up' | 'doubtful' | 'down';

export function receiverState({ failures, waiting }: DeliveryState): ReceiverState {
  if (failures < heldAfter) return 'up';
  return waiting.filter(({ tries }) => tries > 0).length >= heldAfter ? 'down' : 'doubtful';
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
