/** Asks one agent through `callAgent` under its own retry policy, and reads what came of it. */
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  CancellationScope,
  isCancellation,
  patched,
  proxyActivities,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { AskFailureDetails, CallAgentActivity } from '../activities/call-agent.ts';
import type { AgentConfig } from '../domain/agent.ts';
import type { Attempt, CallInput, Try } from '../domain/call.ts';
import { isErrorType, nonRetryableErrorTypes, type ErrorType } from '../domain/failures.ts';
import { backoff } from '../domain/retry.ts';
import type { WindowMessage } from '../domain/session.ts';
import type { StoredText } from '../domain/stored-text.ts';

/** A worker's death is not the agent's fault: the ask is scheduled again, but not for ever (I7). */
const maxReschedules = 3;
/** The activity times itself out with a typed failure; Temporal's limit is the backstop. */
const backstopMs = 5_000;
const notTakenMarginMs = 100;

export interface Ask {
  readonly input: CallInput;
  readonly agent: AgentConfig;
  readonly window: readonly WindowMessage[];
  /** What the agent may use of the call's time, as of now. */
  readonly budgetMs: () => number;
  /** No agent comes after it. */
  readonly last: boolean;
  /** Takes what there is to say of an ask that the call's cancellation cuts off. */
  readonly cutOff: (attempt: Attempt) => void;
}

export interface Answer {
  readonly attempt: Attempt;
  /** Present if the attempt is `ok`. */
  readonly content?: StoredText;
}

export async function askAgent(ask: Ask): Promise<Answer> {
  const startedAt = Date.now();
  let tries: readonly Try[] = [];
  for (let reschedules = 0; ; reschedules++) {
    try {
      const result = await schedule(ask, tries);
      const attempt = { agent: ask.agent.name, status: 'ok', tries: result.tries } as const;
      return { content: result.content, attempt: { ...attempt, latencyMs: spanMs(result.tries, startedAt) } };
    } catch (error) {
      const aborted = isAbort(error);
      if (aborted || isCancellation(error)) {
        ask.cutOff(cancelledAttempt(ask.agent.name, tries, startedAt));
        throw aborted ? new CancelledFailure('The call was cancelled') : error;
      }
      if (!(error instanceof ActivityFailure)) throw error;
      const failure = readFailure(error, ask, tries);
      tries = failure.tries;
      if (failure.kind === 'worker_lost' && reschedules < maxReschedules && ask.budgetMs() > 0) continue;
      return {
        attempt: {
          agent: ask.agent.name,
          status: 'failed',
          errorType: failure.kind === 'worker_lost' ? 'internal' : failure.kind,
          error: failure.message,
          tries,
          latencyMs: spanMs(tries, startedAt),
        },
      };
    }
  }
}

/**
 * Whether the sink `abort` cut this ask off, in a workflow task of this cancelled call that was lost: to Temporal the
 * activity failed by itself. The call is cancelled all the same.
 */
function isAbort(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === CancelledFailure.name &&
    CancellationScope.current().consideredCancelled &&
    patched('cancelled-on-record')
  );
}

function schedule({ input, agent, window, budgetMs, last }: Ask, earlierTries: readonly Try[]) {
  // Heartbeats find a dead worker; schedule-to-close is the agent's share of the deadline, retries included;
  // schedule-to-start, right before it, tells an ask that no worker ever took from one whose worker died over it.
  const shareMs = budgetMs();
  const { callAgent } = proxyActivities<CallAgentActivity>({
    scheduleToCloseTimeout: Math.max(1, shareMs),
    scheduleToStartTimeout: Math.max(1, shareMs - notTakenMarginMs),
    startToCloseTimeout: agent.timeoutMs + backstopMs,
    heartbeatTimeout: input.heartbeatTimeoutMs,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: {
      initialInterval: backoff.initialMs,
      backoffCoefficient: backoff.coefficient,
      maximumInterval: backoff.maximumMs,
      maximumAttempts: Math.max(1, 1 + agent.maxRetries - earlierTries.length),
      nonRetryableErrorTypes,
    },
    summary: `ask ${agent.name}`,
  });
  const prompt: WindowMessage = { role: 'user', content: input.prompt };
  return callAgent({
    callId: input.callId,
    agent,
    messages: agent.history === 'none' ? [prompt] : [...window, prompt],
    ...(input.sessionId !== undefined && { sessionId: input.sessionId }),
    earlierTries,
    cutOffType: last ? 'deadline_exceeded' : 'timeout',
  });
}

interface AskFailure {
  readonly kind: ErrorType | 'worker_lost';
  readonly message: string;
  readonly tries: readonly Try[];
}

function readFailure({ cause }: ActivityFailure, ask: Ask, earlier: readonly Try[]): AskFailure {
  if (cause instanceof ApplicationFailure) {
    const details = cause.details?.[0] as AskFailureDetails | undefined;
    const tries = details?.tries ?? withLostTry(earlier);
    if (cause.type === 'worker_shutdown')
      return { kind: 'worker_lost', message: 'Its worker stopped', tries };
    return { kind: isErrorType(cause.type) ? cause.type : 'internal', message: cause.message, tries };
  }
  if (!(cause instanceof TimeoutFailure)) return { kind: 'internal', message: String(cause), tries: earlier };
  const tries = (cause.lastHeartbeatDetails as readonly Try[] | undefined) ?? earlier;
  switch (cause.timeoutType) {
    case 'HEARTBEAT':
      return { kind: 'worker_lost', message: 'Its worker was lost', tries: withLostTry(tries) };
    case 'SCHEDULE_TO_START':
      // Never asked: no worker was there. That is not the agent's failure.
      return ask.last
        ? { kind: 'deadline_exceeded', message: cutOffMessage, tries }
        : { kind: 'internal', message: 'No worker took the call', tries };
    case 'SCHEDULE_TO_CLOSE':
      // The activity ends itself before: its worker died, or no worker took the next try. It may have asked (I3).
      return {
        kind: ask.last ? 'deadline_exceeded' : tries.some(({ lost }) => !lost) ? 'timeout' : 'internal',
        message: cutOffMessage,
        tries: withLostTry(tries),
      };
    default:
      return {
        kind: 'timeout',
        message: `No complete answer within ${ask.agent.timeoutMs / 1_000} s`,
        tries: withLostTry(tries),
      };
  }
}

const cutOffMessage = "Cut off by its share of the call's deadline";

/** With one more, of which nothing was heard. */
function withLostTry(tries: readonly Try[]): Try[] {
  return [...tries, lostTry(tries.length + 1)];
}

/** Retries of it that were under way are not known; this one was, or was about to be. */
function cancelledAttempt(agent: string, earlier: readonly Try[], startedAt: number): Attempt {
  const latencyMs = Date.now() - startedAt;
  const at = new Date(startedAt).toISOString();
  const tries: Try[] = [...earlier, { attempt: earlier.length + 1, errorType: 'cancelled', latencyMs, at }];
  return {
    agent,
    status: 'failed',
    errorType: 'cancelled',
    error: 'The call was cancelled',
    tries,
    latencyMs,
  };
}

function lostTry(attempt: number): Try {
  return { attempt, errorType: 'internal', lost: true, latencyMs: 0, at: new Date().toISOString() };
}

/** From the first try's start to the end of the last, backoff included. */
function spanMs(tries: readonly Try[], startedAt: number): number {
  const [first] = tries;
  const last = tries.at(-1);
  if (!first || !last) return Date.now() - startedAt;
  return Math.max(0, Date.parse(last.at) + last.latencyMs - Date.parse(first.at));
}
