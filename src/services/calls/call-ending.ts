/** Translates Temporal's results and failures to the ending of a call. */
import {
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  TimeoutFailure,
  WorkflowFailedError,
} from '@temporalio/client';
import type { CallFailureDetails, CallProgress, CallResult } from '../../domain/call.ts';
import { isErrorType, type ErrorType } from '../../domain/failures.ts';

/** The answer of a completed call, or why a call failed or was cancelled, with the attempts as far as they are known. */
export type CallEnding =
  | ({ readonly status: 'completed'; readonly response: string } & Omit<CallResult, 'response'>)
  | ({
      readonly status: 'failed' | 'cancelled';
      readonly errorType: ErrorType;
      readonly error: string;
      readonly sessionStored?: boolean;
    } & Partial<CallProgress>);

export type CallStatus = 'running' | CallEnding['status'];

/**
 * Translates the error that `handle.result()` throws. Undefined if the error is not about the end of the workflow, for example
 * because the server did not answer.
 */
export function readFailure(error: unknown): CallEnding | undefined {
  if (!(error instanceof WorkflowFailedError)) return undefined;
  const { cause } = error;
  if (cause instanceof ApplicationFailure) {
    const details = cause.details?.[0] as CallFailureDetails | undefined;
    const errorType = isErrorType(cause.type) ? cause.type : 'internal';
    return { status: 'failed', errorType, error: cause.message, ...details };
  }
  if (cause instanceof CancelledFailure)
    return { status: 'cancelled', errorType: 'cancelled', error: 'The call was cancelled' };
  if (cause instanceof TerminatedFailure)
    return { status: 'cancelled', errorType: 'cancelled', error: 'The call was terminated' };
  if (cause instanceof TimeoutFailure)
    return { status: 'failed', errorType: 'deadline_exceeded', error: "The call's deadline passed" };
  return { status: 'failed', errorType: 'internal', error: 'The call ended in a way that is not known' };
}
