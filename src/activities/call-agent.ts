/** The activity that asks one agent once; Temporal's retry policy calls it again (I6). */
import { Context, type Info } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import type { Try } from '../domain/call.ts';
import { cutOffMarginMs } from '../domain/deadline.ts';
import { mayRetry } from '../domain/retry.ts';
import type { StoredText } from '../domain/stored-text.ts';
import { ask, cutOffError, type CutOffType, type AskDependencies, type Question } from './ask.ts';
import { asAgentError, asApplicationFailure, handOver } from './ask-failure.ts';
import { GivenUp, WorkerStopping } from './agent-requests.ts';
import { lostTry, triesAreLeft, triesBefore, OpenTry, withLostTry, withThisTry } from './try-log.ts';

export interface AskRequest extends Question {
  /** Tries that are over: of the first task, or of an earlier scheduling whose worker died. */
  readonly earlierTries: readonly Try[];
  /** Start (epoch ms) of a request that the first task left open: it is joined, or was lost with its process. */
  readonly openSince?: number;
  readonly cutOffType: CutOffType;
}

export interface AskResult {
  readonly content: StoredText;
  readonly tries: readonly Try[];
}

export interface CallAgentActivity {
  callAgent(request: AskRequest): Promise<AskResult>;
}

/** Beats per heartbeat timeout: the first after 2 s of the default 5 s. */
const heartbeatFraction = 0.4;

export function createCallAgent(dependencies: AskDependencies): CallAgentActivity {
  return {
    async callAgent(request) {
      const context = Context.current();
      const caller = callerOf(context, request, dependencies.now);
      let earlier = triesBefore(request.earlierTries, context.info);
      let open = new OpenTry(dependencies.now);
      const beat = setInterval(() => context.heartbeat(earlier), beatIntervalMs(context.info));
      try {
        const asked = ask(dependencies, request, caller.signal);
        open = asked.open;
        if (request.openSince !== undefined && context.info.attempt === 1 && !asked.joined)
          earlier = [...earlier, lostTry(earlier.length + 1, request.openSince)];
        // Tries that a dead worker left unreported are on record before anything else happens.
        if (earlier.some((one) => one.lost)) context.heartbeat(earlier);
        const content = await asked.answer;
        return { content, tries: withThisTry(earlier, open) };
      } catch (error) {
        if (error instanceof WorkerStopping) throw handOver(withLostTry(earlier, open));
        if (error instanceof CancelledFailure || error instanceof GivenUp) throw error;
        const failure = asAgentError(error);
        const tries = withThisTry(earlier, open, failure.type);
        const retryable = mayRetry(failure.type, earlier) && triesAreLeft(context.info);
        if (retryable) context.heartbeat(tries); // The next try reads them; a final failure carries them itself.
        throw asApplicationFailure(failure, tries, retryable);
      } finally {
        clearInterval(beat);
        caller.release();
      }
    },
  };
}

/** Aborts when the call ends, the worker stops, or this activity's share of the call's time is over. */
function callerOf(context: Context, { cutOffType }: AskRequest, now: () => number) {
  const caller = new AbortController();
  const onCancel = (): void => caller.abort(cancellation(context));
  context.cancellationSignal.addEventListener('abort', onCancel, { once: true });
  if (context.cancellationSignal.aborted) onCancel();
  const cutOff = setTimeout(() => caller.abort(cutOffError(cutOffType)), restMs(context.info, now()));
  return {
    signal: caller.signal,
    release: () => {
      clearTimeout(cutOff);
      context.cancellationSignal.removeEventListener('abort', onCancel);
    },
  };
}

/**
 * What the schedule-to-close limit leaves for this try, all by the server's clock. It was scheduled before it came here: a
 * server that set its clock back does not make it longer.
 */
function restMs(info: Info, nowMs: number): number {
  const since = Math.max(nowMs, info.currentAttemptScheduledTimestampMs);
  return Math.max(0, info.scheduledTimestampMs + info.scheduleToCloseTimeoutMs - since - cutOffMarginMs);
}

/** A worker that stops hands its asks over at once; one that Temporal lost sight of may be joined by the next try. */
function cancellation({ cancellationDetails: details }: Context): Error {
  if (details?.workerShutdown) return new WorkerStopping();
  if (details?.timedOut || details?.notFound) return new GivenUp();
  return new CancelledFailure('The call was cancelled');
}

function beatIntervalMs(info: Info): number {
  return Math.max(1_000, (info.heartbeatTimeoutMs ?? 5_000) * heartbeatFraction);
}
