import type { Sinks } from '@temporalio/workflow';
import type { Outcome } from '../domain/health.ts';

/**
 * What leaves a call's workflow without an event or a task, to the process that runs it. May be lost with that
 * process and may come twice; workflow code never depends on it.
 */
export interface CallSinks extends Sinks {
  calls: {
    /** Closes the sockets of this call's asks in this process. */
    abort(callId: string): void;
    /** It is dated by the process: the workflow's clock stands still while its task asks an agent. */
    outcome(outcome: Omit<Outcome, 'at'>): void;
    /** `ending` is `answered` or the error type. */
    ended(ending: { callId: string; agent: string; ending: string; startedAt: number }): void;
  };
}
