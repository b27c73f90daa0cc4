import type { Attempt, CallInput } from './call.ts';
import type { ErrorType } from './failures.ts';
import type { ToldChanges } from './feed-event.ts';

/** What the reader of the endings adds to an ending, for those who are told of it. */
export type EndingMarks = Pick<Ending, 'for' | 'lane' | 'callback'>;

/** How one run of a call has ended, without content: neither prompt nor answer, user, metadata or session id. */
export interface Ending {
  readonly callId: string;
  readonly runId: string;
  /** The agent that the caller named. */
  readonly agent: string;
  /** The agent that answered. Absent if none did. */
  readonly answeredBy?: string;
  readonly outcome: 'completed' | 'failed' | 'cancelled';
  /** Absent if an agent answered. */
  readonly errorType?: ErrorType;
  /** Epoch ms, by Temporal's clock. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** How long the call waited for its session's turn, in ms. */
  readonly queuedMs: number;
  /** The agents that were asked, in order. */
  readonly attempts: readonly EndedAttempt[];
  /** The call of which it is a rerun. Absent from endings that earlier versions wrote. */
  readonly rerunOf?: string;
  /** Set if somebody reset the call in Temporal: this ending replaces that of this earlier run. */
  readonly resetFrom?: string;
  /** The ids of the webhooks that may want it. Absent if none does. */
  readonly for?: readonly string[];
  /** Stands for its session, if a webhook wants the events of sessions in order. */
  readonly lane?: string;
  /** Set if the call has a callback_url. */
  readonly callback?: true;
}

/**
 * The outcome of one agent of an ended call. `latencyMs` is the time of all tries, with the backoff between them; `waitedMs` how
 * long the call waited for the agent to be resumed, if it did.
 */
export interface EndedAttempt {
  readonly agent: string;
  readonly errorType?: ErrorType;
  readonly tries: number;
  readonly latencyMs: number;
  readonly waitedMs?: number;
}

/** Returns the time that is not Holdfast's own, in ms: that of the agents, and that of waits for paused ones. */
export function agentsMsOf(attempts: readonly Pick<EndedAttempt, 'latencyMs' | 'waitedMs'>[]): number {
  return attempts.reduce((sum, { latencyMs, waitedMs = 0 }) => sum + latencyMs + waitedMs, 0);
}

/** Returns the agents that were asked. Leaves out the errors' texts, which agents may have written. */
export function askedIn(attempts: readonly Attempt[]): EndedAttempt[] {
  return attempts.flatMap((attempt) => {
    if (attempt.status === 'skipped') return [];
    const { agent, tries, latencyMs, waitedMs } = attempt;
    const errorType = attempt.status === 'failed' && { errorType: attempt.errorType };
    const waited = waitedMs !== undefined && { waitedMs };
    return [{ agent, ...errorType, tries: tries.length, latencyMs, ...waited }];
  });
}

/**
 * Returns how long a call waited for its session's turn, in ms. `queuedMs` is what the call has measured. For a call that got its
 * turn at once, or has no session, this is the time until its first workflow task was done: no wait for a turn.
 */
export function waitForTurnMs({ turn }: Pick<CallInput, 'turn'>, queuedMs: number): number {
  return turn?.state === 'queued' ? queuedMs : 0;
}

/** Returns the outcome of a call that has ended with this error type, or without one. */
export function outcomeOf(errorType: ErrorType | undefined): Ending['outcome'] {
  if (errorType === undefined) return 'completed';
  return errorType === 'cancelled' ? 'cancelled' : 'failed';
}

/** How far the feed of endings has come. The workflow `endings` keeps it, so that the next reader finds its place. */
export interface FeedPosition extends ToldChanges {
  /** The number of the newest segment of the log; 0 if it is not known. */
  readonly segment: number;
  /** When calls were last listed, and since when no list has failed. Epoch ms; 0 if never. */
  readonly listedAt: number;
  readonly steadySince: number;
}
