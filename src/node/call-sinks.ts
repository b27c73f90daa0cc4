/** The sinks that workflow code reports to (workflows/sinks.ts): they update health, load and metrics. */
import type { InjectedSinks } from '@temporalio/worker';
import { CancelledFailure } from '@temporalio/common';
import { LRUCache } from 'lru-cache';
import type { AgentRequests } from '../activities/agent-requests.ts';
import { callKey } from '../domain/cache-keys.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Health } from '../services/agents/health.ts';
import type { CallsInFlight } from '../services/calls/calls-in-flight.ts';
import type { CallSinks, SessionSinks } from '../workflows/sinks.ts';

interface Listeners {
  readonly health: Health;
  readonly inFlight: CallsInFlight;
  readonly agentRequests: AgentRequests;
  readonly metrics: Metrics;
  /** Epoch ms by the clock of the Temporal server. */
  readonly now: () => number;
}

/** Sinks run in the worker process, outside the workflow sandbox. */
export function createCallSinks(listeners: Listeners): InjectedSinks<CallSinks & SessionSinks> {
  const { health, inFlight, agentRequests, metrics, now } = listeners;
  // A workflow task that is retried calls its sinks again: each call is counted once.
  const counted = new LRUCache<string, true>({ max: 20_000 });
  return {
    sessions: {
      endingLost: { fn: () => metrics.endingsLost.inc() },
    },
    calls: {
      abort: {
        fn: (_info, callId) => {
          agentRequests.abort(callId, new CancelledFailure('The call was cancelled'));
        },
      },
      outcome: {
        fn: (_info, outcome) => {
          if (!health.record({ ...outcome, at: now() })) return;
          metrics.attempts.inc({ agent: outcome.agent, outcome: outcome.errorType ?? 'answered' });
        },
      },
      ended: {
        fn: (_info, { callId, agent, ending, startedAt }) => {
          inFlight.done(callId);
          health.release(callId);
          if (counted.has(callKey(callId))) return;
          counted.set(callKey(callId), true);
          metrics.calls.inc({ agent, outcome: ending });
          metrics.callDuration.observe({ outcome: ending }, Math.max(0, now() - startedAt) / 1_000);
        },
      },
    },
  };
}
