import type { Sinks } from '@temporalio/workflow';
import type { EndedAttempt } from '../domain/ending.ts';
import type { ErrorType } from '../domain/failures.ts';
import type { Try } from '../domain/call.ts';
import type { Outcome } from '../domain/health.ts';
import type { TraceContext } from '../domain/trace-context.ts';

/** The ending of a call, without what it was about. */
export interface EndedCall {
  readonly callId: string;
  readonly sessionId?: string;
  /** The agent that the caller named. */
  readonly agent: string;
  /** The agent that answered. Absent if none did. */
  readonly answeredBy?: string;
  /** Absent if an agent answered. */
  readonly errorType?: ErrorType;
  /** Epoch ms. */
  readonly startedAt: number;
  /** How long the call waited for its session's turn, in ms. */
  readonly queuedMs: number;
  /** The agents that were asked, in order. */
  readonly attempts: readonly EndedAttempt[];
  /** The call of which it is a rerun. */
  readonly rerunOf?: string;
  /** Absent if the call belongs to no trace. */
  readonly trace?: EndedTrace;
}

/** What spans of the call are made of. The trace context is that of the call's input. */
export interface EndedTrace extends TraceContext {
  /** All requests to agents, in order. */
  readonly tries: readonly EndedTry[];
}

export interface EndedTry extends Try {
  readonly agent: string;
  readonly host: string;
  readonly port: number;
}

/** A call asks the agent `to`, because `from` has failed. */
export interface Fallback {
  readonly from: string;
  readonly to: string;
  readonly errorType: ErrorType;
}

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
    /** Reports that the call is about to ask the next agent. */
    fallback(fallback: Fallback): void;
    /** Reports that the call waits for its session's turn; it is repeated while it waits. */
    waits(callId: string): void;
    /** Reports that a call that has reported its wait waits no longer. */
    waited(callId: string): void;
    /** Reports that the call has ended. */
    ended(call: EndedCall): void;
  };
}

/** Messages from a session's workflow to the process that runs it, under the same conditions. */
export interface SessionSinks extends Sinks {
  sessions: {
    /** Reports that Temporal removed a call before its session had the ending. */
    endingLost(): void;
  };
}
