/** Translates the failure of an activity that asked an agent: finds out whether the agent failed or the worker was lost. */
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { AskFailureDetails } from '../activities/ask-failure.ts';
import type { AgentConfig } from '../domain/agent.ts';
import type { Try } from '../domain/call.ts';
import { isErrorType, type ErrorType } from '../domain/failures.ts';

/** Why asking an agent failed. */
export interface AskFailure {
  readonly kind: ErrorType | 'worker_lost';
  readonly message: string;
  readonly tries: readonly Try[];
  /** After how many ms the agent may be asked again. Absent if it may not be asked again. */
  readonly retryInMs?: number;
  /** Set if the agent is paused and the call waits until it is resumed. */
  readonly waits?: true;
}

/**
 * Returns the failure that an activity threw. Temporal wraps the failure of a regular activity in an `ActivityFailure`, but not
 * that of a local activity. Undefined if the error does not come from an activity.
 */
export function causeOf(error: unknown): Error | undefined {
  if (error instanceof ActivityFailure) return error.cause ?? error;
  return error instanceof ApplicationFailure || error instanceof TimeoutFailure ? error : undefined;
}

/**
 * Reads the failure. `earlier` are the tries before the activity that failed. A try with an unknown outcome is added as lost.
 */
export function readAskFailure(
  cause: Error,
  ask: { readonly agent: AgentConfig; readonly last: boolean },
  earlier: readonly Try[],
): AskFailure {
  if (cause instanceof ApplicationFailure) return ofAgent(cause, earlier);
  if (!(cause instanceof TimeoutFailure)) return { kind: 'internal', message: String(cause), tries: earlier };
  const tries = (cause.lastHeartbeatDetails as readonly Try[] | undefined) ?? earlier;
  switch (cause.timeoutType) {
    case 'HEARTBEAT':
      return { kind: 'worker_lost', message: 'Its worker was lost', tries: withLostTry(tries) };
    case 'SCHEDULE_TO_START':
      // No worker took the activity, so the agent was not asked and did not fail.
      return ask.last
        ? { kind: 'deadline_exceeded', message: shareOverMessage, tries }
        : { kind: 'internal', message: 'No worker took the call', tries };
    case 'SCHEDULE_TO_CLOSE':
      // A live activity ends itself earlier. So its worker died, possibly after asking (I3), or no worker took the next try.
      return {
        kind: ask.last ? 'deadline_exceeded' : tries.some(({ lost }) => !lost) ? 'timeout' : 'internal',
        message: shareOverMessage,
        tries: withLostTry(tries),
      };
    default:
      return {
        kind: 'timeout',
        message: `No complete answer within ${ask.agent.timeoutMs / 1_000} s`,
        tries: withLostTry(tries),
      };
  }
}

function ofAgent({ type, message, details }: ApplicationFailure, earlier: readonly Try[]): AskFailure {
  const { tries = withLostTry(earlier), ...retry } = (details?.[0] as AskFailureDetails | undefined) ?? {};
  if (type === 'worker_shutdown') return { kind: 'worker_lost', message: 'Its worker stopped', tries };
  return { kind: isErrorType(type) ? type : 'internal', message, tries, ...retry };
}

const shareOverMessage = "Cut off by its share of the call's deadline";

/** Adds a try whose outcome is unknown. */
function withLostTry(tries: readonly Try[]): Try[] {
  const at = new Date().toISOString();
  return [...tries, { attempt: tries.length + 1, errorType: 'internal', lost: true, latencyMs: 0, at }];
}
