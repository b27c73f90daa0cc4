/**
 * A call as a list of events, from accepted to its end, told from what is known of it so far. The list only grows as the
 * call goes on: a later telling begins with the events of every earlier one, so an event's place is its id.
 */
import type { AgentConfig } from './agent.ts';
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
  /** Why the last of `tries` failed. */
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
  | { readonly type: 'attempt_started'; readonly agent: AgentConfig['name']; readonly attempt: number }
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
    ...byAgent(call.asks).flatMap((asks, index, all) => [
      ...failover(all[index - 1], asks),
      ...tellAgent(asks),
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

/** Schedulings of the same agent in a row belong together: each agent is asked once in a call. */
function byAgent(asks: readonly KnownAsk[]): KnownAsk[][] {
  const groups: KnownAsk[][] = [];
  for (const ask of asks) {
    const group = groups.at(-1);
    if (group?.[0]?.agent === ask.agent) group.push(ask);
    else groups.push([ask]);
  }
  return groups;
}

function failover(before: readonly KnownAsk[] | undefined, next: readonly KnownAsk[]): StoryEvent[] {
  const [from, to] = [before?.at(-1), next[0]];
  if (!from || !to) return [];
  const errorType = from.tries.at(-1)?.errorType ?? 'internal';
  return [{ type: 'failover', at: to.scheduledAt, from: from.agent, to: to.agent, errorType }];
}

/** The last scheduling knows the tries of those before it. */
function tellAgent(asks: readonly KnownAsk[]): StoryEvent[] {
  const last = asks.at(-1);
  if (!last) return [];
  const { agent, tries, openTryAt, lastError, retryAt } = last;
  const errors = new Map(asks.map((ask) => [ask.tries.length, ask.lastError]));
  const events = tries.flatMap((one, index): StoryEvent[] => {
    const at = Date.parse(one.at);
    const attempt = index + 1;
    const started = { type: 'attempt_started', at, agent, attempt } as const;
    if (one.errorType === undefined) return [started];
    const next = tries[attempt];
    const again = next ? Date.parse(next.at) : attempt === tries.length ? (openTryAt ?? retryAt) : undefined;
    const error = attempt === tries.length ? lastError : errors.get(attempt);
    return [
      started,
      {
        type: 'attempt_failed',
        at: at + one.latencyMs,
        agent,
        attempt,
        errorType: one.errorType,
        ...(error !== undefined && { error }),
        ...(again !== undefined && { retryAt: again }),
      },
    ];
  });
  if (openTryAt === undefined) return events;
  return [...events, { type: 'attempt_started', at: openTryAt, agent, attempt: tries.length + 1 }];
}

function tellEnding(ending: KnownEnding, startedAt: number): StoryEvent {
  if (ending.type !== 'answered') return ending;
  return { ...ending, latencyMs: ending.at - startedAt };
}
