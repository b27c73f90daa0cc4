/** The first try at an agent, within the workflow task (first-task path, ADR 0015). */
import { proxyLocalActivities, TimeoutFailure } from '@temporalio/workflow';
import type { Question } from '../activities/ask.ts';
import type { FirstTry, FirstTryActivity, FirstTryRequest } from '../activities/first-try.ts';
import { causeOf } from './read-ask-failure.ts';

/**
 * How late the local activity may be. It returns by itself after `waitMs`; if it is this late, the process stalls and will lose
 * its task.
 */
const stalledMs = 4_000;

/**
 * Asks the agent and waits up to `waitMs`. A request that takes longer is left open, and `callAgent` joins it. Throws the
 * `ApplicationFailure` of an agent that fails within that time. Does not retry: `callAgent` does that.
 */
export async function firstTry(
  question: Question,
  waitMs: number,
  shareTimeout: FirstTryRequest['shareTimeout'],
): Promise<FirstTry> {
  const startedAt = Date.now();
  const { firstTry: ask } = proxyLocalActivities<FirstTryActivity>({
    startToCloseTimeout: (shareTimeout?.afterMs ?? waitMs) + stalledMs,
    retry: { maximumAttempts: 1 },
    summary: `ask ${question.agent.name}`,
  });
  try {
    return await ask({ ...question, waitMs, ...(shareTimeout && { shareTimeout }) });
  } catch (error) {
    if (causeOf(error) instanceof TimeoutFailure) return { state: 'open', openSince: startedAt };
    throw error;
  }
}
