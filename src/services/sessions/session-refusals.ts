import { Refusal } from '../../domain/failures.ts';

export function noSuchSession(sessionId: string): Refusal {
  return new Refusal('session_not_found', `Session '${sessionId}' does not exist`);
}

export function sessionExists(sessionId: string): Refusal {
  return new Refusal(
    'session_exists',
    `Session '${sessionId}' exists: choose another id, or delete it first`,
  );
}
