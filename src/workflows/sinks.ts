import type { Sinks } from '@temporalio/workflow';
import type { Outcome } from '../domain/health.ts';

/**
 * Messages from a call's workflow to the process that runs it. They cost neither an event nor a task. A message may be lost
 * with the process or arrive twice, so workflow code never depends on it.
 */
export interface CallSinks extends Sinks {
  calls: {
    /** Closes the sockets of this call's open requests in this process. */
    abort(callId: string): void;
    /** Reports an agent's outcome. The process adds the time, because the workflow's clock stands still during a task. */
    outcome(outcome: Omit<Outcome, 'at'>): void;
    /** Reports that the call has ended. `ending` is `answered` or the error type; `startedAt` is epoch ms. */
    ended(ending: { callId: string; agent: string; ending: string; startedAt: number }): void;
  };
}

/** Messages from a session's workflow to the process that runs it, under the same conditions. */
export interface SessionSinks extends Sinks {
  sessions: {
    /** Reports that Temporal removed a call before its session had the ending. */
    endingLost(): void;
  };
}
