/**
 * A call as a list of events, from accepted to its end, told from what is known of it so far. The list only grows as the
 * call goes on: a later telling begins with the events of every earlier one, so an event's place is its id.
 */
import type { Try } from './call.ts';
import type { ErrorType } from './failures.ts';

/** One scheduling of the activity that asks an agent; an agent whose worker died is scheduled again. Times: epoch ms. */
export interface KnownAsk {
  readonly agent: string;
  readonly scheduledAt: number;
  /** Tries that are over, of earlier schedulings too. */
  readonly tries: readonly Try[];
  /** A try that runs or ran and is not in `tries`. */
  readonly openTryAt?: number;
  /** When the open try was given up: no slot of the agent came free, and it was not asked. */
  readonly noSlotAt?: number;
  /** Why the last of `tries`, or the one without a slot, failed. */
  readonly lastError?: string;
  /** When the agent is asked again, as planned. */
  readonly retryAt?: number;
}

export type KnownEnding = { readonly at: number } & (
  | { readonly type: 'answered'; readonly agent: string }
  | { readonly type: 'failed'; readonly errorType: ErrorType; readonly error: string }
  | { readonly type: 'cancelled' }
);

export interface KnownCall {
  readonly callId: string;
  readonly startedAt: number;
  /** It had to wait for its session's turn. */
  readonly queued: boolean;
  readonly asks: readonly KnownAsk[];
  readonly ending?: KnownEnding;
}

export type StoryEvent = { readonly at: number } & (
  | { readonly type: 'accepted' | 'queued' | 'turn_granted' | 'cancelled' }
  | { readonly type: 'attempt_started'; readonly agent: string; readonly attempt: number }
  | {
      readonly type: 'attempt_failed';
      readonly agent: string;
      readonly attempt: number;
      readonly errorType: ErrorType;
      /** Not kept of tries that were repeated. */
      readonly error?: string;
      readonly retryAt?: number;
    }
  | { readonly type: 'failover'; readonly from: string; readonly to: string; readonly errorType: ErrorType }
  | { readonly type: 'answered'; readonly agent: string; readonly latencyMs: number }
  | { readonly type: 'failed'; readonly errorType: ErrorType; readonly error: string }
);

export function tellStory(call: KnownCall): StoryEvent[] {
  const [first] = call.asks;
  return [
    { type: 'accepted', at: call.startedAt },
    ...(call.queued ? [{ type: 'queued', at: call.startedAt } as const] : []),
    ...(call.queued && first ? [{ type: 'turn_granted', at: first.scheduledAt } as const] : []),
    ...byAgent(call.asks).flatMap((asked, index, all) => [
      ...failover(all[index - 1], asked),
      ...tellAgent(asked),
    ]),
    ...(call.ending ? [tellEnding(call.ending, call.startedAt)] : []),
  ];
}

/**
 * What was told before, and what is new of a later telling. Less may be known of a call that was cut off than while it
 * ran: what was told stays, and the ending comes last.
 */
export function continueStory(told: readonly StoryEvent[], later: readonly StoryEvent[]): StoryEvent[] {
  const last = told.at(-1);
  if (last && isEnding(last)) return [...told];
  const ending = later.at(-1);
  const more = later.slice(told.length);
  if (more.length > 0 || !ending || !isEnding(ending)) return [...told, ...more];
  return [...told, ending];
}

export function isEnding({ type }: StoryEvent): boolean {
  return type === 'answered' || type === 'failed' || type === 'cancelled';
}

/** One agent of the chain: the last scheduling knows the tries of those before it. */
interface Asked {
  readonly since: number;
  last: KnownAsk;
  /** By the number of tries that there were then. */
  readonly errors: Map<number, string>;
}

/** Each agent is asked once in a call: schedulings of the same one in a row belong together. */
function byAgent(asks: readonly KnownAsk[]): Asked[] {
  const all: Asked[] = [];
  for (const ask of asks) {
    let asked = all.at(-1);
    if (asked?.last.agent === ask.agent) asked.last = ask;
    else all.push((asked = { since: ask.scheduledAt, last: ask, errors: new Map() }));
    const told = ask.tries.length + (ask.noSlotAt === undefined ? 0 : 1);
    if (ask.lastError !== undefined) asked.errors.set(told, ask.lastError);
  }
  return all;
}

function failover(before: Asked | undefined, { since, last }: Asked): StoryEvent[] {
  if (!before) return [];
  const { agent: from, tries, noSlotAt } = before.last;
  const errorType = noSlotAt === undefined ? (tries.at(-1)?.errorType ?? 'internal') : 'no_slot';
  return [{ type: 'failover', at: since, from, to: last.agent, errorType }];
}

function tellAgent({ last, errors }: Asked): StoryEvent[] {
  const { agent, tries, openTryAt, noSlotAt, retryAt } = last;
  const events = tries.flatMap(({ at, latencyMs, errorType }, index): StoryEvent[] => {
    const attempt = index + 1;
    const startedAt = Date.parse(at);
    const started = { type: 'attempt_started', at: startedAt, agent, attempt } as const;
    if (errorType === undefined) return [started];
    const next = tries[attempt];
    const again = next ? Date.parse(next.at) : (openTryAt ?? retryAt);
    const error = errors.get(attempt);
    const failed = { type: 'attempt_failed', at: startedAt + latencyMs, agent, attempt, errorType } as const;
    return [
      started,
      { ...failed, ...(error !== undefined && { error }), ...(again !== undefined && { retryAt: again }) },
    ];
  });
  if (openTryAt === undefined) return events;
  const attempt = tries.length + 1;
  const started = { type: 'attempt_started', at: openTryAt, agent, attempt } as const;
  if (noSlotAt === undefined) return [...events, started];
  // While it waited nobody could tell: it was told as a try that began.
  const error = errors.get(attempt);
  const failed = { type: 'attempt_failed', at: noSlotAt, agent, attempt, errorType: 'no_slot' } as const;
  return [...events, started, { ...failed, ...(error !== undefined && { error }) }];
}

function tellEnding(ending: KnownEnding, startedAt: number): StoryEvent {
  if (ending.type !== 'answered') return ending;
  return { ...ending, latencyMs: ending.at - startedAt };
}
