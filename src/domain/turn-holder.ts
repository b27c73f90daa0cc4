/** How long a call has held its turn, and what follows for a call that Temporal does not have. */
import type { TurnHolder } from './turn.ts';

/** A call that does not exist this long after it was sent its turn, or its place in the queue, will never start. */
const startGraceMs = 10_000;

/** Whether the call was granted its turn so long ago that it has started or never will. */
export function isLate({ grantedAt }: Pick<TurnHolder, 'grantedAt'>, nowMs: number): boolean {
  return nowMs - grantedAt >= startGraceMs;
}

/**
 * Whether the call came from the queue and was last sent its place there so long ago that it has started or never will. False
 * without a holder.
 */
export function isOverdue(holder: TurnHolder | undefined, nowMs: number): boolean {
  return holder?.queuedAt !== undefined && nowMs - holder.queuedAt >= startGraceMs;
}

/**
 * Whether a call that Temporal does not have has existed: the session has seen it, or it got its turn so long ago that the
 * session would have noticed if it had never started. `lookEveryMs` is how often the session looks.
 */
export function isLost({ seen, grantedAt }: TurnHolder, lookEveryMs: number, nowMs: number): boolean {
  return seen === true || nowMs - grantedAt >= 3 * Math.max(lookEveryMs, startGraceMs);
}
