/** A failed try as Temporal's retry policy reads it (I6). */
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { cutErrorText } from '../agents/redaction/error-text.ts';
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

/** Bounded, whatever failed: Temporal refuses a large failure, and the call would not hear of it. */
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
    message: cutErrorText(failure.message),
    nonRetryable: !retryable,
    nextRetryDelay: retryInMs,
    details: [details],
    ...(type === 'internal' && failure.cause instanceof Error
      ? { cause: bounded(failure.cause) }
      : { category: ApplicationFailureCategory.BENIGN }),
  });
}

const maxCauses = 3;
const maxFrames = 20;

function bounded({ name, message, stack = '', cause }: Error, causesLeft = maxCauses): Error {
  const text = cutErrorText(message);
  const goesOn = cause instanceof Error && causesLeft > 0;
  const short = new Error(text, goesOn ? { cause: bounded(cause, causesLeft - 1) } : {});
  short.name = cutErrorText(name);
  const frames = stack.split('\n').filter((line) => /^ {4}at /.test(line));
  short.stack = [`${short.name}: ${text}`, ...frames.slice(0, maxFrames).map(cutErrorText)].join('\n');
  return short;
}
