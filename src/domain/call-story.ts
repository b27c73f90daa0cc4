/**
 * Builds a call's list of events, from `accepted` to its end, from what is known about the call so far. The list only grows: a
 * later version begins with the events of every earlier one, so an event's index in the list can serve as its id.
 */
import type { Try } from './call.ts';
import type { ErrorType, UnaskedType } from './failures.ts';

/**
 * One scheduling of the activity that asks an agent. When its worker dies, the activity is scheduled again, so an agent may
 * have several schedulings. All times are epoch ms.
 */
export interface KnownAsk {
  readonly agent: string;
  readonly scheduledAt: number;
  /** Tries that have ended, including those of earlier schedulings. */
  readonly tries: readonly Try[];
  /** Start of a try that is running, or that is not in `tries` yet. */
  readonly openTryAt?: number;
  /** When and why the open try was given up before the agent was asked. */
  readonly unasked?: { readonly at: number; readonly errorType: UnaskedType };
  /** The error text of the last of `tries`, or of the try that was given up. */
  readonly lastError?: string;
  /** When the next try is due. */
  readonly retryAt?: number;
}

/** How a call ended. `at` is epoch ms. */
export type KnownEnding = { readonly at: number } & (
  | { readonly type: 'answered'; readonly agent: string }
  | { readonly type: 'failed'; readonly errorType: ErrorType; readonly error: string }
  | { readonly type: 'cancelled' }
);

/** Everything that is known about a call at one moment. Times are epoch ms. */
export interface KnownCall {
  readonly callId: string;
  readonly startedAt: number;
  /** Whether the call had to wait for its session's turn. */
  readonly queued: boolean;
  readonly asks: readonly KnownAsk[];
  readonly ending?: KnownEnding;
}

/**
 * One event of a call, as the API's event streams send it. `at` and `retryAt` are epoch ms, `latencyMs` is in ms. `attempt` is
 * the number of the try of this agent, from 1.
 */
export type StoryEvent = { readonly at: number } & (
  | { readonly type: 'accepted' | 'queued' | 'turn_granted' | 'cancelled' }
  | { readonly type: 'attempt_started'; readonly agent: string; readonly attempt: number }
  | {
      readonly type: 'attempt_failed';
      readonly agent: string;
      readonly attempt: number;
      readonly errorType: ErrorType;
      /**
       * The error text, if it is known. An activity keeps only the text of its last try, so the text of an earlier try is known
       * only to a reader that saw it while the call ran. The first try in a workflow task keeps its text.
       */
      readonly error?: string;
      readonly retryAt?: number;
    }
  | { readonly type: 'failover'; readonly from: string; readonly to: string; readonly errorType: ErrorType }
  | { readonly type: 'answered'; readonly agent: string; readonly latencyMs: number }
  | { readonly type: 'failed'; readonly errorType: ErrorType; readonly error: string }
);

/** Returns all events of a call in order. */
export function buildStory(call: KnownCall): StoryEvent[] {
  const [first] = call.asks;
  return [
    { type: 'accepted', at: call.startedAt },
    ...(call.queued ? [{ type: 'queued', at: call.startedAt } as const] : []),
    ...(call.queued && first ? [{ type: 'turn_granted', at: first.scheduledAt } as const] : []),
    ...byAgent(call.asks).flatMap((asked, index, all) => [
      ...failover(all[index - 1], asked),
      ...agentEvents(asked),
    ]),
    ...(call.ending ? [endingEvent(call.ending, call.startedAt)] : []),
  ];
}

/**
 * Appends the new events of `later` to those already `sent`, which never change. After a call was cut off, less may be known
 * about it than while it ran. `later` can then be shorter than `sent`, and only its ending is appended.
 */
export function extendStory(sent: readonly StoryEvent[], later: readonly StoryEvent[]): StoryEvent[] {
  const last = sent.at(-1);
  if (last && isEnding(last)) return [...sent];
  const ending = later.at(-1);
  const more = later.slice(sent.length);
  if (more.length > 0 || !ending || !isEnding(ending)) return [...sent, ...more];
  return [...sent, ending];
}

/** Whether no event can follow this one. */
export function isEnding({ type }: StoryEvent): boolean {
  return type === 'answered' || type === 'failed' || type === 'cancelled';
}

/** All schedulings of one agent. The last one includes the tries of those before it. */
export interface Asked {
  readonly since: number;
  last: KnownAsk;
  /** Error texts by the number of the try that failed. */
  readonly errors: Map<number, string>;
  /** The earlier schedulings that were given up before the agent was asked: the call waited while the agent was paused. */
  readonly waited: KnownAsk[];
}

/** The type of the failure with which the agent was given up. */
export function failureOf({ tries, unasked }: KnownAsk): ErrorType {
  return unasked?.errorType ?? tries.at(-1)?.errorType ?? 'internal';
}

/** Groups schedulings by agent. A chain has each agent once, so schedulings of one agent are next to each other. */
export function byAgent(asks: readonly KnownAsk[]): Asked[] {
  const all: Asked[] = [];
  for (const ask of asks) {
    let asked = all.at(-1);
    if (asked?.last.agent === ask.agent) {
      if (asked.last.unasked) asked.waited.push(asked.last);
      asked.last = ask;
    } else all.push((asked = { since: ask.scheduledAt, last: ask, errors: new Map(), waited: [] }));
    if (ask.lastError !== undefined && !ask.unasked) asked.errors.set(ask.tries.length, ask.lastError);
  }
  return all;
}

function failover(before: Asked | undefined, { since, last }: Asked): StoryEvent[] {
  if (!before) return [];
  const { agent: from } = before.last;
  return [{ type: 'failover', at: since, from, to: last.agent, errorType: failureOf(before.last) }];
}

/** The error text of a try whose worker died before it could report how the try ended. */
const lostTry = 'Its worker was lost';

function agentEvents({ last, errors, waited }: Asked): StoryEvent[] {
  const { agent, tries, openTryAt, unasked, retryAt } = last;
  const waitsAfter = (count: number): StoryEvent[] =>
    waited.flatMap((one) =>
      one.tries.length === count && one.unasked ? unaskedEvents(one, one.unasked) : [],
    );
  const events = tries.flatMap(({ at, latencyMs, errorType, lost }, index): StoryEvent[] => {
    const tryNumber = index + 1;
    const startedAt = Date.parse(at);
    const started = { type: 'attempt_started', at: startedAt, agent, attempt: tryNumber } as const;
    const before = [...waitsAfter(index), started];
    if (errorType === undefined) return before;
    const next = tries[tryNumber];
    const wait = waited.find((one) => one.tries.length === tryNumber);
    const again = wait?.openTryAt ?? (next ? Date.parse(next.at) : (openTryAt ?? retryAt));
    const error = errors.get(tryNumber) ?? (lost ? lostTry : undefined);
    const failed = {
      type: 'attempt_failed',
      at: startedAt + latencyMs,
      agent,
      attempt: tryNumber,
      errorType,
    } as const;
    return [
      ...before,
      { ...failed, ...(error !== undefined && { error }), ...(again !== undefined && { retryAt: again }) },
    ];
  });
  events.push(...waitsAfter(tries.length));
  if (unasked) return [...events, ...unaskedEvents(last, unasked)];
  if (openTryAt === undefined) return events;
  const tryNumber = tries.length + 1;
  return [...events, { type: 'attempt_started', at: openTryAt, agent, attempt: tryNumber }];
}

/**
 * The events of a try that was given up before the agent was asked. Until then it looks like a running one, so
 * `attempt_started` may have been sent already.
 */
function unaskedEvents(
  { agent, tries, scheduledAt, openTryAt, lastError }: KnownAsk,
  unasked: NonNullable<KnownAsk['unasked']>,
): StoryEvent[] {
  const attempt = tries.length + 1;
  const failed = { type: 'attempt_failed', ...unasked, agent, attempt } as const;
  return [
    { type: 'attempt_started', at: openTryAt ?? scheduledAt, agent, attempt },
    { ...failed, ...(lastError !== undefined && { error: lastError }) },
  ];
}

function endingEvent(ending: KnownEnding, startedAt: number): StoryEvent {
  if (ending.type !== 'answered') return ending;
  return { ...ending, latencyMs: ending.at - startedAt };
}
