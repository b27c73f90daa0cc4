/** Computes what a timeline draws from a call and its events so far: bars on lanes, in ms since the call was accepted. */
import type { CallEvent } from '../../../src/contract/call-events.ts';
import type { CallDescription, Try } from '../../../src/contract/calls.ts';

/** The members of a call that its timeline needs. */
export type DrawnCall = Pick<
  CallDescription,
  'started_at' | 'ended_at' | 'session_id' | 'attempts' | 'timings'
>;

/** A bar: the wait for the session's turn, one try, or the backoff between two tries. */
export interface Bar {
  readonly kind: 'queue' | 'try' | 'backoff';
  readonly lane: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Whether the bar has not ended. Then `endMs` is the current time, or for a backoff the time at which it will end. */
  readonly open: boolean;
  readonly title: string;
  /** The number of the try, from 1, counted per agent. Only tries have this member and the following ones. */
  readonly tryNumber?: number;
  readonly errorType?: string | null;
  readonly firstByteMs?: number | null;
  /** The worker stopped during the try, so its outcome is unknown. */
  readonly lost?: boolean;
  readonly answer?: FailedAnswer | undefined;
}

/** What an agent answered to a try, if that was no success. */
export interface FailedAnswer {
  readonly httpStatus: number;
  /** Those that matter. */
  readonly headers: Readonly<Record<string, string>>;
  /** The beginning of the body. Null if it was empty. */
  readonly excerpt: string | null;
}

/** A row of the drawing: one agent, or the wait for the turn. */
export interface Lane {
  readonly name: string;
  /** The agent's outcome in words; empty while the agent is being asked, and for the wait. */
  readonly result: string;
}

/**
 * Everything that the timeline draws. Times are ms since the call was accepted, and each `lane` is an index into `lanes`. A
 * failover is drawn where the first try of the next agent begins, on the lane of that agent. `endMs` is the end of the axis.
 */
export interface Timeline {
  readonly lanes: readonly Lane[];
  readonly bars: readonly Bar[];
  readonly failovers: readonly { readonly lane: number; readonly atMs: number }[];
  readonly endMs: number;
}

/** One try, as far as it is known. */
export interface TryBar {
  readonly agent: string;
  /** The number of the try, from 1, counted per agent. */
  readonly tryNumber: number;
  readonly startMs: number;
  endMs: number;
  open: boolean;
  errorType: string | null;
  readonly firstByteMs: number | null;
  readonly lost: boolean;
  readonly answer?: FailedAnswer | undefined;
  retryAtMs?: number;
}

/** Computes the timeline of a call. The open bars of a running call end at `nowMs` (epoch ms). */
export function timelineOf(call: DrawnCall, events: readonly CallEvent[], nowMs: number): Timeline {
  const zero = Date.parse(call.started_at);
  const ended = call.ended_at !== null;
  const endMs = Math.max(1, (call.ended_at === null ? nowMs : Date.parse(call.ended_at)) - zero);
  const queue = queueOf(call, events, zero, endMs);
  const tries = triesOf(call, events, nowMs);
  const agents = [...new Set(tries.map((one) => one.agent))];
  const lanes: Lane[] = [
    ...(queue ? [{ name: 'Waiting for its turn', result: '' }] : []),
    ...agents.map((name) => ({ name, result: resultOf(tries.filter((one) => one.agent === name)) })),
  ];
  const laneOf = (agent: string): number => agents.indexOf(agent) + (queue ? 1 : 0);
  const bars = [
    ...(queue ? [queue] : []),
    ...agents.flatMap((agent) =>
      barsOf(
        tries.filter((one) => one.agent === agent),
        laneOf(agent),
        ended ? undefined : endMs,
      ),
    ),
  ];
  return {
    lanes,
    bars,
    failovers: agents.slice(1).map((agent) => ({
      lane: laneOf(agent),
      atMs: tries.find((one) => one.agent === agent)?.startMs ?? 0,
    })),
    endMs: Math.max(endMs, ...bars.map((bar) => bar.endMs)),
  };
}

/** Returns all tries in the order in which they began: ended ones from `try_log`, running ones from the events. */
export function triesOf(call: DrawnCall, events: readonly CallEvent[], nowMs: number): TryBar[] {
  const zero = Date.parse(call.started_at);
  const since = (iso: string): number => Math.max(0, Date.parse(iso) - zero);
  const tries = new Map<string, TryBar>();
  for (const { agent, try_log: log } of call.attempts)
    for (const one of log) {
      const startMs = since(one.at);
      const { try: tryNumber, lost, error_type: errorType, first_byte_ms: firstByteMs } = one;
      const endMs = startMs + one.latency_ms;
      tries.set(keyOf(agent, tryNumber), {
        agent,
        tryNumber,
        startMs,
        endMs,
        open: false,
        errorType,
        firstByteMs,
        lost,
        answer: answerOf(one),
      });
    }
  for (const event of events) applyEvent(tries, event, since, Math.max(0, nowMs - zero));
  return [...tries.values()].sort((a, b) => a.startMs - b.startMs);
}

/**
 * Applies one event to `tries`: adds the try that the event says began, and ends the tries that it says ended. Tries that are
 * known from `try_log` do not change.
 */
function applyEvent(
  tries: Map<string, TryBar>,
  event: CallEvent,
  since: (iso: string) => number,
  nowMs: number,
): void {
  if (event.type === 'attempt_started') {
    const { agent, try: tryNumber } = event;
    const key = keyOf(agent, tryNumber);
    if (tries.has(key)) return;
    const more = { open: true, errorType: null, firstByteMs: null, lost: false };
    tries.set(key, { agent, tryNumber, startMs: since(event.at), endMs: nowMs, ...more });
    return;
  }
  const endedTries =
    event.type === 'attempt_failed'
      ? [tries.get(keyOf(event.agent, event.try))]
      : event.type in endings
        ? [...tries.values()]
        : [];
  for (const one of endedTries) {
    if (!one) continue;
    if (one.open) one.endMs = Math.max(one.startMs, since(event.at));
    if (one.open && event.type !== 'answered')
      one.errorType = 'error_type' in event ? event.error_type : 'cancelled';
    one.open = false;
    if (event.type === 'attempt_failed' && event.retry_at !== null) one.retryAtMs = since(event.retry_at);
  }
}

function answerOf({
  http_status: httpStatus,
  headers,
  body_excerpt: excerpt,
}: Try): FailedAnswer | undefined {
  return httpStatus == null ? undefined : { httpStatus, headers: headers ?? {}, excerpt };
}

const keyOf = (agent: string, tryNumber: number): string => `${tryNumber} ${agent}`;

const endings: Readonly<Record<string, true>> = { answered: true, failed: true, cancelled: true };

function resultOf(tries: readonly TryBar[]): string {
  const last = tries.at(-1);
  const times = tries.length === 1 ? '' : ` after ${tries.length} tries`;
  if (!last || last.open) return '';
  return (last.errorType === null ? 'answered' : last.errorType.replaceAll('_', ' ')) + times;
}

/**
 * Returns the bars of one agent: its tries and the backoffs between them. `nowMs` is set only while the call runs; then the
 * last backoff may be open.
 */
function barsOf(tries: readonly TryBar[], lane: number, nowMs: number | undefined): Bar[] {
  return tries.flatMap((one, index): Bar[] => {
    const { agent, retryAtMs, ...same } = one;
    const bar: Bar = { kind: 'try', lane, title: `${agent}, try ${one.tryNumber}`, ...same };
    const next = tries[index + 1]?.startMs ?? (nowMs === undefined ? undefined : retryAtMs);
    if (one.open || next === undefined || next <= one.endMs) return [bar];
    const open = tries[index + 1] === undefined;
    const title = `${agent}, wait before try ${one.tryNumber + 1}`;
    return [bar, { kind: 'backoff', lane, startMs: one.endMs, endMs: next, open, title }];
  });
}

/** Returns the bar of the wait for the session's turn; undefined if the call did not wait. */
function queueOf(
  call: DrawnCall,
  events: readonly CallEvent[],
  zero: number,
  endMs: number,
): Bar | undefined {
  if (call.session_id === null) return undefined;
  const bar = { kind: 'queue' as const, lane: 0, title: 'Waiting for its turn in the session' };
  const from = events.find((event) => event.type === 'queued');
  const to = events.find((event) => event.type === 'turn_granted');
  if (from) {
    const until = to ? Date.parse(to.at) - zero : endMs;
    return {
      ...bar,
      startMs: Math.max(0, Date.parse(from.at) - zero),
      endMs: until,
      open: !to && call.ended_at === null,
    };
  }
  const waited = call.timings.queued_ms ?? 0;
  return waited > 0 ? { ...bar, startMs: 0, endMs: waited, open: false } : undefined;
}
