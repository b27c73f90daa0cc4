/**
 * Finds out what the removals that were sent (deletions and cleanups of sessions) may have removed, and what they must have
 * removed.
 */
import { touches } from '../load/removals.ts';
import type { CallRequest } from '../load/call-request.ts';
import type { CallFacts, Evidence } from './evidence.ts';

/** The longest time between the grant of a call's turn and the start of the call. */
const startMs = 10_000;

/** Whether the session may have been removed since it could have the call's ending, and its turn with it. */
export function mayBeRemoved(
  { removals }: Evidence,
  sessionId: string,
  { endingKnownAt }: CallFacts,
): boolean {
  return removals.some((one) => touches(one, sessionId) && one.until >= endingKnownAt);
}

/**
 * Whether the session may have been removed, by a deletion or a cleanup, after the call had asked for its turn and before
 * `byMs` (epoch ms).
 */
export function mayBeGoneBy(
  { removals }: Evidence,
  sessionId: string,
  { startedAt }: CallFacts,
  byMs: number,
): boolean {
  return removals.some(
    (one) => touches(one, sessionId) && one.sentAt <= byMs && one.until >= startedAt - startMs,
  );
}

/** Whether the session may have been deleted while the call ran. A cleanup never removes a session in use. */
export function mayBeClosedUnder(
  { removals }: Evidence,
  sessionId: string,
  { startedAt, endedAt }: CallFacts,
): boolean {
  return removals.some(
    (one) => one.sessionId === sessionId && one.sentAt <= endedAt && one.until >= startedAt - startMs,
  );
}

/** Whether a removal may have removed anything of the session. */
export function isTouched({ removals }: Pick<Evidence, 'removals'>, sessionId: string): boolean {
  return removals.some((one) => touches(one, sessionId));
}

/**
 * Whether calls of the session may have been deleted with it. A repeat of a deleted call's key makes a new call with the same
 * id.
 */
export function callsMayBeGone(
  { removals }: Pick<Evidence, 'removals'>,
  sessionId: string | undefined,
): boolean {
  return removals.some((one) => one.withCalls && one.sessionId === sessionId);
}

/**
 * Returns when the last answered deletion of the session was sent (epoch ms); 0 if there is none. Nothing of the session from
 * before it may be left (with `calls`, none of the calls that had ended before it either).
 */
export function clearedBefore({ removals }: Evidence, sessionId: string, calls: boolean): number {
  const done = removals.filter((one) => one.done && one.sessionId === sessionId && (!calls || one.withCalls));
  return Math.max(0, ...done.map(({ sentAt }) => sentAt));
}

/** Returns the call request whose prompt an agent received; undefined if there is none. */
export function requestOf({ requests }: Pick<Evidence, 'requests'>, prompt: string): CallRequest | undefined {
  return requests[Number(/^#(\d+) /.exec(prompt)?.[1] ?? 0) - 1];
}
