/** The activity `callAgent`: makes one try at one agent. Temporal's retry policy repeats it (I6). */
import { Context, type Info } from '@temporalio/activity';
import { ActivityNotFoundError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { Try } from '../domain/call.ts';
import { shareMarginMs } from '../domain/deadline.ts';
import { mayRetry } from '../domain/retry.ts';
import type { StoredText } from '../domain/stored-text.ts';
import { ask, shareTimeoutError, type ShareTimeoutType, type AskDependencies, type Question } from './ask.ts';
import { asAgentError, asApplicationFailure, handOver } from './ask-failure.ts';
import { GivenUp, WorkerStopping } from './agent-requests.ts';
import { beatIntervalMs, defaultHeartbeatTimeoutMs } from './beat-interval.ts';
import {
  lostTry,
  triesAreLeft,
  triesBefore,
  OpenTry,
  withLastAnswer,
  withLostTry,
  withThisTry,
} from './try-log.ts';

/** Input of `callAgent`. */
export interface AskRequest extends Question {
  /** Tries that have already ended, in the first task or in an earlier scheduling whose worker died. */
  readonly earlierTries: readonly Try[];
  /**
   * Start (epoch ms) of a request that the first task left open, if any. The activity joins that request; if the request was
   * lost with its process, the activity records it as a lost try.
   */
  readonly openSince?: number;
  /**
   * The error type if the agent's share of the deadline ends during this activity. Workers of older versions read this name, so
   * it must stay.
   */
  readonly cutOffType: ShareTimeoutType;
}

/** The agent's answer and all tries. */
export interface AskResult {
  readonly content: StoredText;
  readonly tries: readonly Try[];
}

export interface CallAgentActivity {
  /** Throws an `ApplicationFailure` whose type is an error type, and whose details are `AskFailureDetails`. */
  callAgent(request: AskRequest): Promise<AskResult>;
}

/** How long Temporal may take to answer whether it still waits for a task that arrived late. */
const lateCheckMs = 2_000;

export function createCallAgent(dependencies: AskDependencies): CallAgentActivity {
  return {
    async callAgent(request) {
      const context = Context.current();
      const caller = callerOf(context, request, dependencies.now);
      let earlier = triesBefore(request.earlierTries, context.info);
      let open = new OpenTry(dependencies.now);
      const beat = setInterval(() => context.heartbeat(earlier), beatIntervalMs(context.info));
      try {
        await refuseTimedOut(context, earlier, dependencies.now);
        const before = withLostOpening(earlier, request, context.info);
        const asked = ask(dependencies, request, before.length + 1, caller.signal);
        open = asked.open;
        if (!asked.joined) earlier = before;
        // Report the tries that a dead worker did not report before anything else happens.
        if (earlier.some((one) => one.lost)) context.heartbeat(earlier);
        const content = await asked.answer;
        return { content, tries: withThisTry(earlier, open) };
      } catch (error) {
        if (error instanceof WorkerStopping) throw handOver(withLostTry(earlier, open));
        if (error instanceof CancelledFailure || error instanceof GivenUp) throw error;
        const failure = asAgentError(error);
        const tries = withThisTry(earlier, open, failure);
        const retryable = mayRetry(failure.type, earlier) && triesAreLeft(context.info);
        if (retryable) context.heartbeat(tries); // The next try reads them. A final failure carries them in its details.
        // Temporal replaces a failure of more than 4 KB while the activity waits for its next try.
        throw asApplicationFailure(failure, retryable ? withLastAnswer(tries) : tries, retryable);
      } finally {
        clearInterval(beat);
        caller.release();
      }
    },
  };
}

/** Returns the tries before this one, if the request that the first task left open is lost. */
function withLostOpening(earlier: Try[], { openSince }: AskRequest, { attempt }: Info): Try[] {
  if (openSince === undefined || attempt > 1) return earlier;
  return [...earlier, lostTry(earlier.length + 1, openSince)];
}

/**
 * Makes a signal that aborts if the call is cancelled, the worker stops, or the agent's share of the deadline is over.
 * `release` frees its timer and listener.
 */
function callerOf(context: Context, { cutOffType }: AskRequest, now: () => number) {
  const caller = new AbortController();
  const onCancel = (): void => caller.abort(cancellation(context));
  context.cancellationSignal.addEventListener('abort', onCancel, { once: true });
  if (context.cancellationSignal.aborted) onCancel();
  const shareTimer = setTimeout(
    () => caller.abort(shareTimeoutError(cutOffType)),
    remainingMs(context.info, now()),
  );
  return {
    signal: caller.signal,
    release: () => {
      clearTimeout(shareTimer);
      context.cancellationSignal.removeEventListener('abort', onCancel);
    },
  };
}

/**
 * Returns the time in ms that schedule-to-close leaves for this try. All times are by the server's clock. This try was
 * scheduled in the past, so if the server has set its clock back since then, that must not extend the time.
 */
function remainingMs(info: Info, nowMs: number): number {
  const since = Math.max(nowMs, info.currentAttemptScheduledTimestampMs);
  return Math.max(0, info.scheduledTimestampMs + info.scheduleToCloseTimeoutMs - since - shareMarginMs);
}

/**
 * Returns why Temporal cancelled the activity: the worker stops, Temporal no longer waits for it, or the call was cancelled.
 */
function cancellation({ cancellationDetails: details }: Context): Error {
  if (details?.workerShutdown) return new WorkerStopping();
  if (details?.timedOut || details?.notFound) return new GivenUp();
  return new CancelledFailure('The call was cancelled');
}

/**
 * Throws `GivenUp` if Temporal no longer waits for this task. A worker that was frozen, or cut off from Temporal, reads tasks
 * that have timed out in the meantime. Their calls have continued elsewhere, so the agent must not be asked for them. A task
 * that is younger than the heartbeat timeout cannot have timed out, so only an older one costs an RPC.
 */
async function refuseTimedOut(
  { client, info }: Context,
  earlier: readonly Try[],
  now: () => number,
): Promise<void> {
  const ageMs = now() - info.currentAttemptScheduledTimestampMs;
  if (ageMs < (info.heartbeatTimeoutMs ?? defaultHeartbeatTimeoutMs)) return;
  try {
    await client.withDeadline(Date.now() + lateCheckMs, () =>
      client.activity.heartbeat(info.taskToken, earlier),
    );
  } catch (error) {
    if (error instanceof ActivityNotFoundError)
      throw new GivenUp('The task timed out before this worker read it');
    // A cancellation also aborts the context's signal. If Temporal is unreachable, the agent is asked (at-least-once).
  }
}
