/** The try at an agent within the workflow task that comes to it. */
import { proxyLocalActivities, TimeoutFailure } from '@temporalio/workflow';
import type { Question } from '../activities/ask.ts';
import type { FirstTry, FirstTryActivity, FirstTryRequest } from '../activities/first-try.ts';
import { causeOf } from './read-ask-failure.ts';

/** It leaves by itself after `waitMs`; a process that stalls for this long is about to lose its task. */
const stalledMs = 4_000;

/** Throws the `ApplicationFailure` of an agent that failed meanwhile. Never retried here: `callAgent` does that. */
export async function firstTry(
  question: Question,
  waitMs: number,
  cutOff: FirstTryRequest['cutOff'],
): Promise<FirstTry> {
  const startedAt = Date.now();
  const { firstTry: ask } = proxyLocalActivities<FirstTryActivity>({
    startToCloseTimeout: (cutOff?.afterMs ?? waitMs) + stalledMs,
    retry: { maximumAttempts: 1 },
    summary: `ask ${question.agent.name}`,
  });
  try {
    return await ask({ ...question, waitMs, ...(cutOff && { cutOff }) });
  } catch (error) {
    if (causeOf(error) instanceof TimeoutFailure) return { state: 'open', openSince: startedAt };
    throw error;
  }
}
