/** The refusals of sessions. */
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { Refusal } from '../../domain/failures.ts';
import { ownSessionId } from '../../domain/project.ts';
import type { SessionLimits } from '../../domain/session.ts';

/**
 * Adds to a session's refusal the limit that was reached, because the workflow itself sends only the type. Returns other errors
 * unchanged.
 */
export function withBound(error: unknown, { maxQueued, maxMetadataBytes = 0 }: SessionLimits): unknown {
  if (!(error instanceof Refusal)) return error;
  switch (error.type) {
    case 'session_queue_full':
      return new Refusal(error.type, `${maxQueued} calls wait for this session's turn, its limit`, {
        retryAfterSeconds: 1,
        limit: { name: 'session', quota: maxQueued },
        cause: error,
      });
    case 'session_busy':
      return sessionBusy('The call was not to wait (when_busy: reject)', error);
    case 'session_metadata_full':
      return new Refusal(
        error.type,
        `The session's metadata, with what its waiting calls may add, would be more than ${maxMetadataBytes} bytes as JSON (HOLDFAST_MAX_SESSION_METADATA_BYTES): send less, or use another session`,
        {
          cause: error,
        },
      );
    case 'idempotency_mismatch':
      return new Refusal(error.type, 'Use a new Idempotency-Key for another request', { cause: error });
    case 'payload_store_unavailable':
      return error.cause instanceof WorkflowUpdateFailedError
        ? new Refusal(
            error.type,
            "The session's older messages wait for the payload store; try again later",
            {
              retryAfterSeconds: 5,
              cause: error,
            },
          )
        : error;
    default:
      return error;
  }
}

/** Makes the refusal `session_busy`. */
export function sessionBusy(detail: string, cause?: unknown): Refusal {
  return new Refusal('session_busy', detail, {
    retryAfterSeconds: 1,
    limit: { name: 'turn', quota: 1 },
    cause,
  });
}

export function noSuchSession(sessionId: string): Refusal {
  return new Refusal('session_not_found', `Session '${ownSessionId(sessionId)}' does not exist`);
}

export function sessionExists(sessionId: string): Refusal {
  return new Refusal(
    'session_exists',
    `Session '${ownSessionId(sessionId)}' exists: choose another id, or delete it first`,
  );
}
