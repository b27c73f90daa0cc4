/** Asks one agent, first within the task itself, then through `callAgent` under its own retry policy. */
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  CancellationScope,
  isCancellation,
  patched,
  proxyActivities,
  proxyLocalActivities,
  sleep,
} from '@temporalio/workflow';
import type { CutOffType, Question } from '../activities/ask.ts';
import type { AskResult, CallAgentActivity } from '../activities/call-agent.ts';
import type { EndUnlessAskedActivity } from '../activities/end-unless-asked.ts';
import type { AgentConfig } from '../domain/agent.ts';
import { agentTimeMs } from '../domain/agent-time.ts';
import type { Attempt, CallInput, Try } from '../domain/call.ts';
import { cutOffMarginMs } from '../domain/deadline.ts';
import { nonRetryableErrorTypes } from '../domain/failures.ts';
import { backoff } from '../domain/retry.ts';
import type { WindowMessage } from '../domain/session.ts';
import type { StoredText } from '../domain/stored-text.ts';
import { promptMessage } from '../domain/turn-text.ts';
import { causeOf, readAskFailure, type AskFailure } from './read-ask-failure.ts';
import { firstTry } from './first-try.ts';

/** A worker's death is not the agent's fault: the ask is scheduled again, but not for ever (I7). */
const maxReschedules = 3;
/** The activity times itself out with a typed failure; Temporal's limit is the backstop. */
const backstopMs = 5_000;
/** An activity for less than this at the end of a share is not worth a task: the first try then has the whole share. */
const leastActivityMs = 500;
/** A cancellation that ended a first try is on record already; asking goes on should it be none after all. */
const cancellationAwaitedMs = 5_000;

export interface Ask {
  readonly input: CallInput;
  readonly agent: AgentConfig;
  readonly window: readonly WindowMessage[];
  /** What the agent may use of the call's time, as of now. */
  readonly budgetMs: () => number;
  /** No agent comes after it. */
  readonly last: boolean;
  /** It is asked within the task that comes to it first. */
  readonly inTask: boolean;
  /** Takes what there is to say of an ask that the call's cancellation cuts off. */
  readonly cutOff: (attempt: Attempt) => void;
}

export interface Answer {
  readonly attempt: Attempt;
  /** Present if the attempt is `ok`. */
  readonly content?: StoredText;
  /** Whether it came in an earlier task than the one under way. */
  readonly onRecord: boolean;
}

/** How the agent is asked next. */
interface Step {
  /** Within the task that comes to it, or by the activity. */
  readonly inTask: boolean;
  readonly pauseMs: number;
  readonly tries: readonly Try[];
  /** Schedulings whose worker was lost. */
  readonly workersLost: number;
}

export async function askAgent(ask: Ask): Promise<Answer> {
  const { agent } = ask;
  const startedAt = Date.now();
  let step: Step = { inTask: ask.inTask, pauseMs: 0, tries: [], workersLost: 0 };
  for (;;) {
    try {
      const { content, tries, onRecord } = await runStep(step, ask);
      return {
        content,
        attempt: { agent: agent.name, status: 'ok', tries, latencyMs: agentTimeMs(tries) },
        onRecord,
      };
    } catch (error) {
      const aborted = isAbort(error);
      if (aborted || isCancellation(error)) {
        const asked = await endUnlessAsked(ask);
        ask.cutOff(
          asked ? cancelledAttempt(agent.name, step.tries, startedAt) : unaskedAttempt(agent, step.tries),
        );
        throw aborted ? new CancelledFailure('The call was cancelled') : error;
      }
      const cause = causeOf(error);
      if (!cause) throw error;
      const failure = readAskFailure(cause, ask, step.tries);
      const next = nextStep(step, failure, ask.budgetMs());
      if (!next)
        return {
          attempt: failedAttempt(agent.name, failure),
          onRecord: error instanceof ActivityFailure,
        };
      step = next;
    }
  }
}

/** Asks once: in the task itself, or by an activity after the step's pause. */
async function runStep(
  { inTask, pauseMs, tries }: Step,
  ask: Ask,
): Promise<AskResult & { readonly onRecord: boolean }> {
  if (pauseMs > 0) await sleep(pauseMs, { summary: `before ${ask.agent.name} is asked again` });
  if (!inTask) return { ...(await schedule(ask, tries)), onRecord: true };
  const waitMs = ask.input.firstTaskWaitMs ?? 0;
  const shareMs = ask.budgetMs();
  const cutOff = shareMs < waitMs + leastActivityMs ? { afterMs: shareMs, type: cutOffType(ask) } : undefined;
  const first = await firstTry(questionOf(ask), waitMs, cutOff);
  switch (first.state) {
    case 'answered':
      return { ...first, onRecord: false };
    case 'open':
      return { ...(await schedule(ask, tries, first.openSince)), onRecord: true };
    case 'cancelled':
      await sleep(cancellationAwaitedMs);
      return { ...(await schedule(ask, tries)), onRecord: true };
  }
}

/** Undefined: the agent is not asked again. */
function nextStep(step: Step, { kind, tries, retryInMs }: AskFailure, budgetMs: number): Step | undefined {
  const { inTask, workersLost } = step;
  if (kind === 'worker_lost' && workersLost < maxReschedules && budgetMs > 0)
    return { inTask: false, pauseMs: 0, tries, workersLost: workersLost + 1 };
  // The activity's retry policy pauses by itself; a pause that leaves no time is none for either.
  if (inTask && retryInMs !== undefined && retryInMs < budgetMs)
    return { inTask: false, pauseMs: retryInMs, tries, workersLost };
  return undefined;
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

function schedule(ask: Ask, earlierTries: readonly Try[], openSince?: number): Promise<AskResult> {
  const { input, agent, budgetMs } = ask;
  // Heartbeats find a dead worker; schedule-to-close is the backstop of the agent's share of the deadline, retries included,
  // at which the activity ends itself; schedule-to-start tells an ask that no worker ever took from one whose worker died over it.
  const shareMs = budgetMs();
  const { callAgent } = proxyActivities<CallAgentActivity>({
    scheduleToCloseTimeout: Math.max(1, shareMs) + cutOffMarginMs,
    scheduleToStartTimeout: Math.max(1, shareMs),
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
  return callAgent({
    ...questionOf(ask),
    earlierTries,
    ...(openSince !== undefined && { openSince }),
    cutOffType: cutOffType(ask),
  });
}

/** What it is called when the agent's share of the deadline is over. */
function cutOffType({ last }: Ask): CutOffType {
  return last ? 'deadline_exceeded' : 'timeout';
}

function questionOf({ input, agent, window }: Ask): Question {
  const { callId, sessionId } = input;
  const message = promptMessage(input);
  return {
    callId,
    agent,
    messages: agent.history === 'none' ? [message] : [...window, message],
    ...(sessionId !== undefined && { sessionId }),
  };
}

function failedAttempt(agent: string, { kind, message, tries }: AskFailure): Attempt {
  const errorType = kind === 'worker_lost' ? 'internal' : kind;
  return { agent, status: 'failed', errorType, error: message, tries, latencyMs: agentTimeMs(tries) };
}

/** Whether the agent of this cancelled call was asked. Without `max_concurrency` it never waits for a slot, so it was. */
async function endUnlessAsked({ input: { callId }, agent }: Ask): Promise<boolean> {
  if (agent.maxConcurrency === undefined || !patched('cancelled-without-slot')) return true;
  const local = proxyLocalActivities<EndUnlessAskedActivity>({
    startToCloseTimeout: '1 s',
    retry: { maximumAttempts: 1 },
  });
  try {
    return await CancellationScope.nonCancellable(() => local.endUnlessAsked({ callId, agent: agent.name }));
  } catch (error) {
    if (causeOf(error)) return true;
    throw error;
  }
}

function unaskedAttempt({ name, maxConcurrency = 0 }: AgentConfig, earlier: readonly Try[]): Attempt {
  const again = earlier.length > 0 ? 'again' : 'at all';
  return {
    agent: name,
    status: 'failed',
    errorType: 'cancelled',
    error: `The call was cancelled before max_concurrency of ${maxConcurrency} left a slot free: it was not asked ${again}`,
    tries: earlier,
    latencyMs: agentTimeMs(earlier),
  };
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
