/** The sinks that workflow code reports to (workflows/sinks.ts): they update health, load, metrics and the log. */
import type { InjectedSinks } from '@temporalio/worker';
import { CancelledFailure } from '@temporalio/common';
import type { AgentRequests } from '../activities/agent-requests.ts';
import { outcomeOf, type Ending } from '../domain/ending.ts';
import { without } from '../lib/without.ts';
import type { Log } from '../platform/logging.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Tracing } from '../platform/tracing.ts';
import type { Health } from '../services/agents/health.ts';
import type { CallsInFlight } from '../services/calls/calls-in-flight.ts';
import type { EndingHints } from '../services/endings/ending-hints.ts';
import type { QueuedTurns } from '../services/calls/queued-turns.ts';
import type { CallSinks, EndedCall, SessionSinks } from '../workflows/sinks.ts';
import { CallReports } from './call-reports.ts';

interface Listeners {
  readonly health: Health;
  readonly inFlight: CallsInFlight;
  readonly agentRequests: AgentRequests;
  readonly queuedTurns: QueuedTurns;
  readonly hints: EndingHints;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly tracing: Tracing;
  /** Epoch ms by the clock of the Temporal server. */
  readonly now: () => number;
}

/** Sinks run in the worker process, outside the workflow sandbox. */
export function createCallSinks(listeners: Listeners): InjectedSinks<CallSinks & SessionSinks> {
  const { health, inFlight, agentRequests, queuedTurns, hints, metrics, now } = listeners;
  const reports = new CallReports(listeners);
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
      waits: { fn: (_info, callId) => queuedTurns.waits(callId) },
      waited: { fn: (_info, callId) => queuedTurns.ended(callId) },
      outcome: {
        fn: ({ runId }, outcome) => {
          // Passing over a paused agent says nothing of it, and would push its failures out of those that are kept.
          if (outcome.errorType !== 'agent_paused') health.record({ ...outcome, at: now() });
          reports.attempt(runId, outcome.agent, outcome.errorType);
        },
      },
      fallback: { fn: ({ runId }, fallback) => reports.fallback(runId, fallback) },
      ended: {
        fn: ({ runId, firstExecutionRunId }, call) => {
          inFlight.done(call.callId);
          health.release(call.callId);
          queuedTurns.ended(call.callId);
          const isFirst = runId === firstExecutionRunId;
          reports.ended(runId, call, isFirst);
          // A run that a reset began is read, because its hint would not say so.
          if (isFirst) hints.add(hintOf(runId, call, now()));
        },
      },
    },
  };
}

/** Leaves out the session's id and the trace, because the hint may be written to the payload store. */
function hintOf(runId: string, call: EndedCall, endedAt: number): Ending {
  return { ...without(call, 'sessionId', 'trace'), runId, outcome: outcomeOf(call.errorType), endedAt };
}
