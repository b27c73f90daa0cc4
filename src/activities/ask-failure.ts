/** A failed try as Temporal's retry policy reads it (I6). */
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { AgentError } from '../agents/transport.ts';
import type { Try } from '../domain/call.ts';
import { retryDelayMs } from '../domain/retry.ts';

/** `ApplicationFailure.details[0]` of a failed ask. */
export interface AskFailureDetails {
  readonly tries: readonly Try[];
  /** When the agent may be asked again; absent: never. Temporal's own field of it does not reach the workflow. */
  readonly retryInMs?: number;
}

/** Type of a failure that hands the ask over to another worker. */
export const workerShutdown = 'worker_shutdown';

export function handOver(tries: readonly Try[]): ApplicationFailure {
  const details: AskFailureDetails = { tries };
  return ApplicationFailure.create({
    type: workerShutdown,
    message: 'The worker stopped',
    nonRetryable: true,
    details: [details],
    category: ApplicationFailureCategory.BENIGN,
  });
}

/** The agent's failure, or a fault of ours. */
export function asAgentError(error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  return new AgentError('internal', error instanceof Error ? error.message : String(error), { cause: error });
}

export function asApplicationFailure(
  failure: AgentError,
  tries: readonly Try[],
  retryable: boolean,
): ApplicationFailure {
  const { type, retryAfterMs } = failure;
  // No sooner than the agent asked for; a little later, so that callers do not come back all at once.
  const retryInMs =
    retryAfterMs === undefined
      ? retryDelayMs(tries.length, Math.random())
      : Math.round(Math.max(100, retryAfterMs) * (1 + 0.1 * Math.random()));
  const details: AskFailureDetails = { tries, ...(retryable && { retryInMs }) };
  return ApplicationFailure.create({
    type,
    message: failure.message,
    nonRetryable: !retryable,
    nextRetryDelay: retryInMs,
    details: [details],
    ...(type === 'internal' && failure.cause instanceof Error
      ? { cause: failure.cause }
      : { category: ApplicationFailureCategory.BENIGN }),
  });
}
