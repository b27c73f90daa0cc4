/**
 * One durable call: waits for the session's turn, asks the agents of the chain one after the other, and ends exactly once
 * (I2). With a quick agent this takes one workflow task.
 */
import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  patched,
  proxySinks,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Attempt, CallInput, CallProgress, CallResult } from '../domain/call.ts';
import { agentBudgetMs, agentsInTime } from '../domain/deadline.ts';
import { askedIn, waitForTurnMs } from '../domain/ending.ts';
import { failures, type ErrorType } from '../domain/failures.ts';
import { searchable } from '../domain/searchable.ts';
import type { WindowMessage } from '../domain/message.ts';
import type { StoredText } from '../domain/stored-text.ts';
import { traceIn } from '../domain/trace-context.ts';
import { askAgent } from './ask-agent.ts';
import { callProgressQuery } from './messages.ts';
import { OldCall } from './old-histories.ts';
import { describeProgress } from './progress-text.ts';
import { searchAttributes } from './search-attributes.ts';
import type { CallSinks, EndedTrace } from './sinks.ts';
import { overdueInQueue, SessionTurn, type Failed } from './turn.ts';

const { calls: sink } = proxySinks<CallSinks>();

/** For old histories only: without the patch `short-deadlines`, a call ends if an agent would get less time than this (ms). */
const leastBudgetBeforePatchMs = 500;

/** How a call ends. */
type Ending = { readonly status: 'answered'; readonly agent: string; readonly content: StoredText } | Failed;

/** The call's progress, which changes. */
type Progress = { -readonly [Name in keyof CallProgress]: CallProgress[Name] } & { attempts: Attempt[] };

export async function agentCall(input: CallInput): Promise<CallResult> {
  const startedAt = workflowInfo().startTime.getTime();
  const old = new OldCall(input);
  const sessionTurn = new SessionTurn(input, old);
  const deadlineAt = (): number => (old.resetAt ?? startedAt) + input.deadlineMs;
  const progress: Progress = {
    chain: input.chain.map((agent) => agent.name),
    attempts: input.unregistered.map((agent) => ({
      agent,
      status: 'skipped',
      error: `Agent '${agent}' not registered`,
    })),
    queuedMs: 0,
    ...(input.turn && { waitsForTurn: true }),
  };
  setHandler(callProgressQuery, () => progress);

  let ending: Ending;
  try {
    const turn = await sessionTurn.wait(deadlineAt).finally(() => {
      progress.queuedMs = Date.now() - startedAt;
      delete progress.waitsForTurn;
    });
    ending = turn.status === 'failed' ? turn : await walkChain(input, turn.window, old, deadlineAt, progress);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    sink.abort(input.callId);
    const left = await CancellationScope.nonCancellable(() => sessionTurn.leave());
    Object.assign(progress, left);
    if (left.supersededBy !== undefined) upsertMemo({ supersededBy: left.supersededBy });
    end(input, progress, startedAt, { errorType: 'cancelled' });
    throw error;
  }
  const sessionStored = await CancellationScope.nonCancellable(() =>
    sessionTurn.commit({ answer: ending.status === 'answered' ? ending : undefined }),
  );
  if (sessionStored !== undefined) progress.sessionStored = sessionStored;
  if (ending.status === 'failed') {
    end(input, progress, startedAt, { errorType: ending.errorType });
    throw ApplicationFailure.create({
      type: ending.errorType,
      message: ending.message,
      nonRetryable: true,
      details: [progress],
    });
  }
  end(input, progress, startedAt, { answeredBy: ending.agent });
  return { ...progress, agentName: ending.agent, response: ending.content };
}

/** Asks as many agents as the deadline has time for, from the start of the chain. The others are skipped. */
async function walkChain(
  input: CallInput,
  window: readonly WindowMessage[],
  old: OldCall,
  deadlineAt: () => number,
  progress: Progress,
): Promise<Ending> {
  const { chain } = input;
  const remainingMs = deadlineAt() - Date.now();
  if (remainingMs <= 0 && input.turn?.state === 'queued') return overdueInQueue(input);
  const inTime = agentsInTime(remainingMs, chain);
  const asked = inTime < chain.length && patched('short-deadlines') ? chain.slice(0, inTime) : chain;
  const ending = await askInTurn({ ...input, chain: asked }, window, old, deadlineAt, progress);
  for (const { name: agent } of chain.slice(asked.length))
    progress.attempts.push({ agent, status: 'skipped', error: skipReason(input, progress.queuedMs, inTime) });
  return ending;
}

function skipReason({ deadlineMs, turn }: CallInput, queuedMs: number, inTime: number): string {
  const waited = turn?.state === 'queued' ? ` after ${queuedMs / 1_000} s in its session's queue` : '';
  const room = `has room for ${inTime} ${inTime === 1 ? 'agent' : 'agents'}${waited}`;
  return `Left out: the call's deadline of ${deadlineMs / 1_000} s ${room}`;
}

async function askInTurn(
  input: CallInput,
  window: readonly WindowMessage[],
  old: OldCall,
  deadlineAt: () => number,
  progress: Progress,
): Promise<Ending> {
  const overdue = `The call's deadline of ${input.deadlineMs / 1_000} s passed`;
  let failed: Extract<Attempt, { status: 'failed' }> | undefined;
  for (const [index, agent] of input.chain.entries()) {
    const stillToCome = input.chain.slice(index + 1);
    const budgetMs = (): number => agentBudgetMs(deadlineAt() - Date.now(), stillToCome);
    const late =
      deadlineAt() <= Date.now() || (budgetMs() < leastBudgetBeforePatchMs && !patched('short-deadlines'));
    if (late) return { status: 'failed', errorType: 'deadline_exceeded', message: overdue };

    if (failed) sink.fallback({ from: failed.agent, to: agent.name, errorType: failed.errorType });
    setCurrentDetails(describeProgress(progress, agent.name));
    const last = stillToCome.length === 0;
    const onCancelled = (attempt: Attempt): number => progress.attempts.push(attempt);
    const inTask = old.asksInTask;
    const answer = await askAgent({ input, agent, window, budgetMs, last, inTask, onCancelled });
    const { attempt } = answer;
    old.onRecord = answer.onRecord;
    progress.attempts.push(attempt);
    setCurrentDetails(describeProgress(progress));
    const errorType = attempt.status === 'failed' ? attempt.errorType : undefined;
    sink.outcome({
      callId: input.callId,
      agent: agent.name,
      ...(errorType && { errorType }),
      ...(attempt.status === 'ok' && { latencyMs: attempt.latencyMs }),
    });

    if (answer.content !== undefined)
      return { status: 'answered', agent: agent.name, content: answer.content };
    if (attempt.status !== 'failed') continue;
    failed = attempt;
    if (!failures[attempt.errorType].fallBack) break;
  }
  if (failed?.errorType === 'deadline_exceeded')
    return { status: 'failed', errorType: 'deadline_exceeded', message: overdue };
  return {
    status: 'failed',
    errorType: failed?.errorType ?? 'internal',
    message: `All agents failed. Last error: ${failed?.error ?? 'no agent was asked'}`,
  };
}

/** Reports the ending to visibility, metrics and log. Adds an event to the history only if a search attribute changes. */
function end(
  input: CallInput,
  { queuedMs, attempts }: CallProgress,
  startedAt: number,
  ending: { readonly answeredBy: string } | { readonly errorType: ErrorType },
): void {
  const { callId, agentName, sessionId, rerunOf } = input;
  if ('answeredBy' in ending) {
    if (ending.answeredBy !== agentName)
      upsertSearchAttributes([{ key: searchAttributes.answeredBy, value: searchable(ending.answeredBy) }]);
  } else {
    upsertSearchAttributes([
      { key: searchAttributes.errorType, value: ending.errorType },
      { key: searchAttributes.answeredBy, value: null },
    ]);
  }
  sink.ended({
    callId,
    ...(sessionId !== undefined && { sessionId }),
    agent: agentName,
    ...ending,
    startedAt,
    queuedMs: waitForTurnMs(input, queuedMs),
    attempts: askedIn(attempts),
    ...(rerunOf !== undefined && { rerunOf }),
    ...traceOf(input, attempts),
  });
}

/** The spans of the call and of its tries are made outside of the workflow, when it has ended (ADR 0038). */
function traceOf(input: CallInput, attempts: readonly Attempt[]): { trace?: EndedTrace } {
  const context = traceIn(input);
  if (!context) return {};
  const tries = attempts.flatMap((attempt) => {
    const asked = input.chain.find(({ name }) => name === attempt.agent);
    if (attempt.status === 'skipped' || !asked) return [];
    const { name: agent, host, port } = asked;
    return attempt.tries.map((one) => ({ ...one, agent, host, port }));
  });
  return { trace: { ...context, tries } };
}
