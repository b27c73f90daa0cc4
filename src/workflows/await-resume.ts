/** The wait of a call for a paused agent whose pause lets calls wait (ADR 0042). */
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  proxyActivities,
} from '@temporalio/workflow';
import type { AskFailureDetails } from '../activities/ask-failure.ts';
import type { AwaitResumeActivity, AwaitedResume } from '../activities/await-resume.ts';
import type { Try } from '../domain/call.ts';
import { shareMarginMs } from '../domain/deadline.ts';

/** How many times, at most, a call waits for one agent, which may be paused again and again (I7). */
export const maxWaits = 20;

interface Wait {
  readonly agent: string;
  /** The agent's share of the call's remaining time, in ms. */
  readonly budgetMs: number;
  readonly heartbeatTimeoutMs: number;
  /** The agent's tries before it was paused. */
  readonly tries: readonly Try[];
}

/**
 * Waits until the agent is resumed. However long that takes, the activity costs six events: heartbeats and retries after the
 * death of a worker leave none. Throws the failure `agent_paused` if the wait ends otherwise, and a cancellation.
 */
export async function awaitResume({ agent, budgetMs, heartbeatTimeoutMs, tries }: Wait): Promise<void> {
  // The activity ends itself before the timeout. Its retries only follow the death or the stop of a worker.
  const { awaitResume: wait } = proxyActivities<AwaitResumeActivity>({
    scheduleToCloseTimeout: Math.max(1, budgetMs) + shareMarginMs,
    heartbeatTimeout: heartbeatTimeoutMs,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: { initialInterval: 100, backoffCoefficient: 2, maximumInterval: 2_000 },
    summary: `wait until ${agent} is resumed`,
  });
  const ended = await wait({ agent }).catch(overUnlessCancelled);
  if (ended === 'resumed') return;
  const why =
    ended === 'over'
      ? 'was not resumed within its share of the deadline'
      : 'is paused, and calls no longer wait for it';
  const details: AskFailureDetails = { tries };
  throw ApplicationFailure.create({
    type: 'agent_paused',
    message: `Agent '${agent}' ${why}; it was not asked`,
    nonRetryable: true,
    details: [details],
  });
}

/** No worker took the activity in time, or the last one died. */
function overUnlessCancelled(error: unknown): AwaitedResume {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
  return 'over';
}
