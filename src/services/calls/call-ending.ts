/** Reads how a call has ended from the last event of its history. */
import type { CallFailureDetails, CallProgress, CallResult } from '../../domain/call.ts';
import { isErrorType, type ErrorType } from '../../domain/failures.ts';
import { readPayload } from '../../temporal-sdk/payloads.ts';
import { tsToMs } from '../../temporal-sdk/timestamps.ts';
import type { HistoryEvent } from '../call-events/call-facts.ts';

/** The identity with which Temporal terminates a run that is reset. */
const resetter = 'history-resetter';

/** Why a call failed or was cancelled, with the attempts as far as they are known. */
export type FailedEnding = {
  readonly status: 'failed' | 'cancelled';
  readonly errorType: ErrorType;
  readonly error: string;
  readonly sessionStored?: boolean;
} & Partial<CallProgress>;

/** The answer of a completed call, or why a call failed or was cancelled. */
export type CallEnding =
  ({ readonly status: 'completed'; readonly response: string } & Omit<CallResult, 'response'>) | FailedEnding;

export type CallStatus = 'running' | CallEnding['status'];

/** The end of a call as its history has it. A large answer is a reference to the payload store. */
export interface CallEnd {
  /** Epoch ms, by Temporal's clock. */
  readonly endedAt: number;
  /** The result, if the call has completed. */
  readonly result?: CallResult;
  /** The failure, if it has not. */
  readonly failure?: FailedEnding;
  /** Set if the run ended because somebody reset the call in Temporal while it ran. The call goes on in another run. */
  readonly byReset?: true;
}

/**
 * Adds whether the session stores the call's turn. What the call itself has recorded counts first: a call that ended while it
 * waited has told its session, and knows what it stores. `described` is what follows from the session's description. It says
 * nothing of a call that Temporal ended while it waited, or that may have waited, because its progress cannot be read.
 */
export function withSessionStored(ending: CallEnding, described: boolean | undefined): CallEnding {
  const mayHaveWaited = ending.attempts === undefined || ending.waitsForTurn === true;
  const sessionStored = ending.sessionStored ?? (mayHaveWaited ? undefined : described);
  return sessionStored === undefined ? ending : { ...ending, sessionStored };
}

/** Returns the end that the event records. Undefined if the call goes on after it. */
export function endOf(event: HistoryEvent): CallEnd | undefined {
  const endedAt = tsToMs(event.eventTime);
  const { workflowExecutionCompletedEventAttributes: completed } = event;
  if (completed) {
    const result = readPayload<CallResult>(completed.result);
    if (result) return { endedAt, result };
    return failed(endedAt, 'failed', 'internal', 'The call ended in a way that is not known');
  }
  const failure = event.workflowExecutionFailedEventAttributes?.failure;
  if (failure) {
    const { type, details } = failure.applicationFailureInfo ?? {};
    const errorType = isErrorType(type) ? type : 'internal';
    const end = failed(endedAt, 'failed', errorType, failure.message ?? '');
    return { endedAt, failure: { ...end.failure, ...readPayload<CallFailureDetails>(details) } };
  }
  if (event.workflowExecutionTimedOutEventAttributes)
    return failed(endedAt, 'failed', 'deadline_exceeded', "The call's deadline passed");
  if (event.workflowExecutionCanceledEventAttributes)
    return failed(endedAt, 'cancelled', 'cancelled', 'The call was cancelled');
  const { workflowExecutionTerminatedEventAttributes: terminated } = event;
  if (terminated) {
    const byReset = terminated.identity === resetter && { byReset: true as const };
    return { ...failed(endedAt, 'cancelled', 'cancelled', 'The call was terminated'), ...byReset };
  }
  return undefined;
}

function failed(endedAt: number, status: 'failed' | 'cancelled', errorType: ErrorType, error: string) {
  return { endedAt, failure: { status, errorType, error } };
}
