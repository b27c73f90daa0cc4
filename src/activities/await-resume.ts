/** The activity `awaitResume`: a call waits until a paused agent is resumed (ADR 0042). It asks nobody. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { shareMarginMs } from '../domain/deadline.ts';
import { delay } from '../lib/delay.ts';
import type { AgentPauses } from './agent-pauses.ts';
import { workerShutdown } from './ask-failure.ts';
import { beatIntervalMs } from './beat-interval.ts';

/**
 * How a wait ended. `passed_on`: calls no longer wait for the agent, but pass over it. `over`: the agent's share of the call's
 * deadline is over.
 */
export type AwaitedResume = 'resumed' | 'passed_on' | 'over';

export interface AwaitResumeActivity {
  awaitResume(request: { readonly agent: string }): Promise<AwaitedResume>;
}

/** How often the process looks into its memory. */
const lookEveryMs = 250;
/** After what time a wait that found no place here looks again, here or at another worker. */
const againMs = 10_000;
/** How long the agent must have been in rotation, so that every process that asks agents has read it. */
const calmMs = 2_000;

export interface AwaitResumeParts {
  readonly pauses: AgentPauses;
  /** Epoch ms by the clock of the Temporal server. */
  readonly now: () => number;
  /** How many calls may wait in this process at a time: each of them takes one of the worker's places for activities. */
  readonly maxWaiting: number;
}

export function createAwaitResume({ pauses, now, maxWaiting }: AwaitResumeParts): AwaitResumeActivity {
  let waiting = 0;
  return {
    async awaitResume({ agent }) {
      const context = Context.current();
      const { info, cancellationSignal: signal } = context;
      const overAt = info.scheduledTimestampMs + info.scheduleToCloseTimeoutMs - shareMarginMs;
      const beat = setInterval(() => context.heartbeat(), beatIntervalMs(info));
      const isRefused = waiting >= maxWaiting;
      waiting += 1;
      try {
        await pauses.known();
        let resumedAt: number | undefined;
        for (;;) {
          if (signal.aborted) throw endOf(context);
          const pause = pauses.pauseOf(agent);
          if (pause && pause.newCalls !== 'wait') return 'passed_on';
          if (now() >= overAt) return 'over';
          if (pause && isRefused) throw noPlace();
          // A process that has not read the directory knows of no pause, and the call is in no hurry.
          resumedAt = pause || !pauses.isKnown ? undefined : (resumedAt ?? performance.now());
          if (resumedAt !== undefined && performance.now() - resumedAt >= calmMs) return 'resumed';
          await delay(lookEveryMs, signal);
        }
      } finally {
        waiting -= 1;
        clearInterval(beat);
      }
    },
  };
}

/** Temporal's retry looks again; until then the wait takes no place, and it leaves no event. */
function noPlace(): Error {
  return ApplicationFailure.create({
    type: 'no_place',
    message: 'As many calls wait in this process as may',
    nonRetryable: false,
    nextRetryDelay: againMs,
    category: ApplicationFailureCategory.BENIGN,
  });
}

/** A worker that stops hands the wait over to another one by Temporal's retry, which leaves no event. */
function endOf({ cancellationDetails: details }: Context): Error {
  if (!details?.workerShutdown) return new CancelledFailure('The call no longer waits');
  return ApplicationFailure.create({
    type: workerShutdown,
    message: 'The worker stopped',
    nonRetryable: false,
    category: ApplicationFailureCategory.BENIGN,
  });
}
