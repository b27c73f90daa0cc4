/** What a failed ask tells: of the agent, or of a worker that was lost over it. */
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { AskFailureDetails } from '../activities/ask-failure.ts';
import type { AgentConfig } from '../domain/agent.ts';
import type { Try } from '../domain/call.ts';
import { isErrorType, type ErrorType } from '../domain/failures.ts';

export interface AskFailure {
  readonly kind: ErrorType | 'worker_lost';
  readonly message: string;
  readonly tries: readonly Try[];
  /** When the agent may be asked again, if at all. */
  readonly retryInMs?: number;
}

/** Temporal wraps an activity's failure, and leaves a local one's as it is. Undefined: it is no activity's. */
export function causeOf(error: unknown): Error | undefined {
  if (error instanceof ActivityFailure) return error.cause ?? error;
  return error instanceof ApplicationFailure || error instanceof TimeoutFailure ? error : undefined;
}

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
      // Never asked: no worker was there. That is not the agent's failure.
      return ask.last
        ? { kind: 'deadline_exceeded', message: cutOffMessage, tries }
        : { kind: 'internal', message: 'No worker took the call', tries };
    case 'SCHEDULE_TO_CLOSE':
      // The activity ends itself before: its worker died, or no worker took the next try. It may have asked (I3).
      return {
        kind: ask.last ? 'deadline_exceeded' : tries.some(({ lost }) => !lost) ? 'timeout' : 'internal',
        message: cutOffMessage,
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

const cutOffMessage = "Cut off by its share of the call's deadline";

/** With one more, of which nothing was heard. */
function withLostTry(tries: readonly Try[]): Try[] {
  const at = new Date().toISOString();
  return [...tries, { attempt: tries.length + 1, errorType: 'internal', lost: true, latencyMs: 0, at }];
}
