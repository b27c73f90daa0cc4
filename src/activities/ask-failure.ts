/** Converts a failed try to an `ApplicationFailure`, which Temporal's retry policy understands (I6). */
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { cutErrorText } from '../agents/redaction/error-text.ts';
import { AgentError } from '../agents/transport.ts';
import type { Try } from '../domain/call.ts';
import { retryDelayMs } from '../domain/retry.ts';
import { AgentPausedError } from './agent-pauses.ts';

/** The details of a failed try, as `ApplicationFailure.details[0]`. */
export interface AskFailureDetails {
  readonly tries: readonly Try[];
  /**
   * After how many ms the agent may be asked again; absent if it may not be asked again. It is in the details because Temporal
   * does not pass `nextRetryDelay` to the workflow.
   */
  readonly retryInMs?: number;
  /** Set if the agent is paused and the call waits until it is resumed. */
  readonly waits?: true;
}

/** Failure type of an activity that stops because its worker stops. The workflow schedules it again on another worker. */
export const workerShutdown = 'worker_shutdown';

/** Makes the failure by which a stopping worker hands an activity over to another worker. */
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

/**
 * Returns the error unchanged if it is the agent's failure. Any other error is a fault of Holdfast and becomes one of type
 * `internal`.
 */
export function asAgentError(error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  return new AgentError('internal', error instanceof Error ? error.message : String(error), { cause: error });
}

/**
 * Converts the failure, with its tries and retry delay. Cuts its texts to a bounded length, because Temporal rejects large
 * failures and the call would never receive one.
 */
export function asApplicationFailure(
  failure: AgentError,
  tries: readonly Try[],
  retryable: boolean,
): ApplicationFailure {
  const { type, retryAfterMs } = failure;
  const retryInMs = retryDelayMs(tries.length, retryAfterMs, Math.random());
  const waits = failure instanceof AgentPausedError && failure.waits;
  const details: AskFailureDetails = {
    tries,
    ...(retryable && { retryInMs }),
    ...(waits && { waits }),
  };
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
