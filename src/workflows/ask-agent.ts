/** Asks one agent: first within the workflow task (first-task path), then by the activity `callAgent` with its retry policy. */
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  CancellationScope,
  isCancellation,
  patched,
  proxyActivities,
  sleep,
} from '@temporalio/workflow';
import type { ShareTimeoutType, Question } from '../activities/ask.ts';
import type { AskResult, CallAgentActivity } from '../activities/call-agent.ts';
import type { AgentConfig } from '../domain/agent.ts';
import { agentTimeMs } from '../domain/agent-time.ts';
import type { Attempt, CallInput, Try } from '../domain/call.ts';
import { shareMarginMs } from '../domain/deadline.ts';
import { nonRetryableErrorTypes } from '../domain/failures.ts';
import { backoff } from '../domain/retry.ts';
import type { WindowMessage } from '../domain/message.ts';
import type { StoredText } from '../domain/stored-text.ts';
import { traceIn } from '../domain/trace-context.ts';
import { promptMessage } from '../domain/turn-text.ts';
import { awaitResume, maxWaits } from './await-resume.ts';
import { attemptOfCancelled } from './cancelled-attempt.ts';
import { causeOf, readAskFailure, type AskFailure } from './read-ask-failure.ts';
import { firstTry } from './first-try.ts';

/** How many times, at most, the activity is scheduled again after its worker died, which is not the agent's fault (I7). */
const maxReschedules = 3;
/**
 * How much later Temporal's timeout comes than the time at which the activity ends itself with a typed failure. It is only a
 * backstop.
 */
const backstopMs = 5_000;
/** If less than this would be left for the activity, the first try gets the agent's whole share of the deadline. */
const leastActivityMs = 500;
/**
 * How long, after a first try that ended as cancelled, the workflow waits for the cancellation. If none arrives, the agent is
 * asked again.
 */
const cancellationAwaitedMs = 5_000;

/** The arguments for asking one agent of a call. */
export interface Ask {
  readonly input: CallInput;
  readonly agent: AgentConfig;
  readonly window: readonly WindowMessage[];
  /** Returns the agent's share of the call's remaining time at the moment, in ms. */
  readonly budgetMs: () => number;
  /** Whether the agent is the last of the chain. */
  readonly last: boolean;
  /** Whether the first try is made within the workflow task. */
  readonly inTask: boolean;
  /** Receives the agent's attempt if the call is cancelled meanwhile. */
  readonly onCancelled: (attempt: Attempt) => void;
}

/** The outcome of asking one agent. */
export interface Answer {
  readonly attempt: Attempt;
  /** Present if the attempt is `ok`. */
  readonly content?: StoredText;
  /** Whether the outcome is already in the history. False if it came in the current workflow task, which may be lost. */
  readonly onRecord: boolean;
}

/** How the agent is asked next. */
interface Step {
  /** Whether the agent is asked within the workflow task. Otherwise the activity asks it. */
  readonly inTask: boolean;
  readonly pauseMs: number;
  /** Whether the call first waits until the agent, which is paused, is resumed. */
  readonly awaitsResume: boolean;
  /** How many times the call has waited so, and how long together. Absent: it has not. */
  readonly waits: number;
  readonly waitedMs?: number;
  readonly tries: readonly Try[];
  /** How many schedulings of the activity lost their worker. */
  readonly workersLost: number;
}

const askedNow = { inTask: false, pauseMs: 0, awaitsResume: false } as const;

/**
 * Asks the agent until it answers or may not be asked again. Throws a cancellation if the call is cancelled, and errors that
 * are not about the agent.
 */
export async function askAgent(ask: Ask): Promise<Answer> {
  const { agent } = ask;
  let startedAt = Date.now();
  let step: Step = { ...askedNow, inTask: ask.inTask, waits: 0, tries: [], workersLost: 0 };
  for (;;) {
    try {
      if (step.awaitsResume) {
        startedAt = Date.now();
        await waitForAgent(ask, step.tries);
        step = { ...afterWait(step, startedAt), awaitsResume: false };
        startedAt = Date.now(); // The wait is not the agent's time.
      }
      const { content, tries, onRecord } = await runStep(step, ask);
      return {
        content,
        attempt: { agent: agent.name, status: 'ok', tries, latencyMs: agentTimeMs(tries), ...waitIn(step) },
        onRecord,
      };
    } catch (error) {
      const aborted = isAbort(error);
      if (aborted || isCancellation(error)) {
        const { input, onCancelled } = ask;
        if (step.awaitsResume) step = afterWait(step, startedAt);
        const attempt = await attemptOfCancelled({ callId: input.callId, agent, startedAt, ...step });
        onCancelled({ ...attempt, ...waitIn(step) });
        throw aborted ? new CancelledFailure('The call was cancelled') : error;
      }
      const cause = causeOf(error);
      if (!cause) throw error;
      if (step.awaitsResume) step = afterWait(step, startedAt);
      const failure = readAskFailure(cause, ask, step.tries);
      const next = nextStep(step, failure, ask.budgetMs());
      if (!next)
        return {
          attempt: { ...failedAttempt(agent.name, failure), ...waitIn(step) },
          onRecord: error instanceof ActivityFailure,
        };
      step = next;
    }
  }
}

function afterWait(step: Step, waitStartedAt: number): Step {
  return { ...step, waitedMs: (step.waitedMs ?? 0) + Date.now() - waitStartedAt };
}

function waitIn({ waitedMs }: Step): Pick<Step, 'waitedMs'> {
  return waitedMs === undefined ? {} : { waitedMs };
}

/** Runs one step: pauses, then asks within the task or by the activity. */
async function runStep(
  { inTask, pauseMs, tries }: Step,
  ask: Ask,
): Promise<AskResult & { readonly onRecord: boolean }> {
  if (pauseMs > 0) await sleep(pauseMs, { summary: `before ${ask.agent.name} is asked again` });
  if (!inTask) return { ...(await schedule(ask, tries)), onRecord: true };
  const waitMs = ask.input.firstTaskWaitMs ?? 0;
  const shareMs = ask.budgetMs();
  const shareTimeout =
    shareMs < waitMs + leastActivityMs ? { afterMs: shareMs, type: shareTimeoutType(ask) } : undefined;
  const first = await firstTry(questionOf(ask), waitMs, shareTimeout);
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

/** Returns the step that follows a failure; undefined if the agent is not asked again. */
function nextStep(step: Step, failure: AskFailure, budgetMs: number): Step | undefined {
  const { inTask, workersLost, waits } = step;
  const { kind, tries, retryInMs } = failure;
  const again = { ...askedNow, ...waitIn(step), waits, tries, workersLost };
  if (kind === 'worker_lost' && workersLost < maxReschedules && budgetMs > 0)
    return { ...again, workersLost: workersLost + 1 };
  if (failure.waits && waits < maxWaits && budgetMs > 0)
    return { ...again, awaitsResume: true, waits: waits + 1 };
  // Only a failed first try pauses here; the activity's retry policy has its own backoff. A pause must leave time for a try.
  if (inTask && retryInMs !== undefined && retryInMs < budgetMs) return { ...again, pauseMs: retryInMs };
  return undefined;
}

/**
 * Whether a lost workflow task of this cancelled call had aborted the request through the sink `abort`. To Temporal that
 * looks like an activity that failed by itself, but the call is cancelled.
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
  // Heartbeats detect a dead worker. Schedule-to-close is the agent's share of the deadline including retries; the activity
  // ends itself shortly before. Schedule-to-start detects that no worker ever took the activity.
  const shareMs = budgetMs();
  const { callAgent } = proxyActivities<CallAgentActivity>({
    scheduleToCloseTimeout: Math.max(1, shareMs) + shareMarginMs,
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
    cutOffType: shareTimeoutType(ask),
  });
}

/**
 * Returns the error type for when the agent's share of the deadline is over. After the last agent the call's deadline is over
 * too.
 */
function shareTimeoutType({ last }: Ask): ShareTimeoutType {
  return last ? 'deadline_exceeded' : 'timeout';
}

function questionOf({ input, agent, window }: Ask): Question {
  const { callId, sessionId } = input;
  const message = promptMessage(input);
  const trace = traceIn(input);
  return {
    callId,
    agent,
    messages: agent.history === 'none' ? [message] : [...window, message],
    ...(sessionId !== undefined && { sessionId }),
    ...(trace && { trace }),
  };
}

function waitForAgent({ agent, input, budgetMs }: Ask, tries: readonly Try[]): Promise<void> {
  const { heartbeatTimeoutMs } = input;
  return awaitResume({ agent: agent.name, budgetMs: budgetMs(), heartbeatTimeoutMs, tries });
}

function failedAttempt(agent: string, { kind, message, tries }: AskFailure): Attempt {
  const errorType = kind === 'worker_lost' ? 'internal' : kind;
  return { agent, status: 'failed', errorType, error: message, tries, latencyMs: agentTimeMs(tries) };
}
