/**
 * The local activity `firstTry` (first-task path, ADR 0015): asks an agent within the workflow task and waits a moment. A quick
 * agent's answer or failure then needs no further workflow task and no separate transaction. A request that takes longer is
 * left open for the activity `callAgent` to join.
 */
import { Context } from '@temporalio/activity';
import { CancelledFailure, type ApplicationFailure } from '@temporalio/common';
import { LRUCache } from 'lru-cache';
import { callKey, firstTryKey } from '../domain/cache-keys.ts';
import { mayRetry } from '../domain/retry.ts';
import { ask, shareTimeoutError, type ShareTimeoutType, type AskDependencies, type Question } from './ask.ts';
import { asAgentError, asApplicationFailure } from './ask-failure.ts';
import type { AskResult } from './call-agent.ts';
import { GivenUp } from './agent-requests.ts';
import { thisRunId } from './this-run-id.ts';
import { withThisTry } from './try-log.ts';

/** Input of `firstTry`. */
export interface FirstTryRequest extends Question {
  /** How long to wait for the agent, in ms. */
  readonly waitMs: number;
  /**
   * Set if the agent's share of the deadline leaves too little time for an activity afterwards. The request then ends after
   * `afterMs` with an error of this type, instead of being left open.
   */
  readonly shareTimeout?: { readonly afterMs: number; readonly type: ShareTimeoutType };
}

/** Result of `firstTry`. */
export type FirstTry =
  | ({ readonly state: 'answered' } & AskResult)
  /** The request is still open. `openSince` is its start (epoch ms). */
  | { readonly state: 'open'; readonly openSince: number }
  /** The call was cancelled, but the workflow task that made the request does not know it yet. */
  | { readonly state: 'cancelled' };

export interface FirstTryActivity {
  /** Asks the agent. Throws the same failures as `callAgent` if the agent fails within `waitMs`. */
  firstTry(request: FirstTryRequest): Promise<FirstTry>;
}

/**
 * How many failures are kept, and for how long: for as long as Temporal may repeat a lost workflow task, so that an agent that
 * has failed is not asked again (I3).
 */
const failuresKept = { max: 2_000, ttl: 15 * 60_000 } as const;

/** Implements `firstTry`, and remembers recent failures and the calls that wait. */
export class FirstTries {
  private readonly waiting = new Map<string, AbortController>();
  private readonly failed = new LRUCache<string, ApplicationFailure>(failuresKept);
  private readonly dependencies: AskDependencies;

  constructor(dependencies: AskDependencies) {
    this.dependencies = dependencies;
  }

  /** Ends the wait of a call whose cancellation is in its history, and closes its socket. */
  cancel(callId: string): void {
    this.waiting.get(callKey(callId))?.abort(new CancelledFailure('The call was cancelled'));
  }

  readonly firstTry = async (request: FirstTryRequest): Promise<FirstTry> => {
    const { callId, agent, waitMs, shareTimeout } = request;
    const { cancellationSignal } = Context.current();
    const key = firstTryKey(thisRunId(), agent.name);
    const failedBefore = this.failed.get(key);
    if (failedBefore) throw failedBefore;

    const caller = new AbortController();
    const leave = (): void => caller.abort(new GivenUp('Left open'));
    const waitTimer = shareTimeout
      ? setTimeout(() => caller.abort(shareTimeoutError(shareTimeout.type)), shareTimeout.afterMs)
      : setTimeout(leave, waitMs);
    cancellationSignal.addEventListener('abort', leave, { once: true });
    this.waiting.set(callKey(callId), caller);
    const { open, answer } = ask(this.dependencies, request, 1, caller.signal);
    try {
      const content = await answer;
      return { state: 'answered', content, tries: withThisTry([], open) };
    } catch (error) {
      if (error instanceof GivenUp) return { state: 'open', openSince: open.startedAt };
      if (error instanceof CancelledFailure) return { state: 'cancelled' };
      const failure = asAgentError(error);
      const retryable = !caller.signal.aborted && agent.maxRetries > 0 && mayRetry(failure.type, []);
      const failed = asApplicationFailure(failure, withThisTry([], open, failure), retryable);
      this.failed.set(key, failed);
      throw failed;
    } finally {
      clearTimeout(waitTimer);
      cancellationSignal.removeEventListener('abort', leave);
      this.waiting.delete(callKey(callId));
    }
  };
}
