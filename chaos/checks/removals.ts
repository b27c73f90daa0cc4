/** What a removal that was sent may have taken with it, and what it must have. */
import type { Removal } from '../load/journal.ts';
import type { CallRequest } from '../load/call-request.ts';
import type { CallFacts, Evidence } from './evidence.ts';

/** A call has its turn at most so long before it is started. */
const startMs = 10_000;

/** Whether the turn that the call left, in its last task, may have been removed since. */
export function mayBeRemoved({ removals }: Evidence, sessionId: string, { lastTaskAt }: CallFacts): boolean {
  return removals.some((one) => touches(one, sessionId) && one.until >= lastTaskAt);
}

/** Whether its session may have been closed while it ran. A cleanup leaves sessions in use alone. */
export function mayBeClosedUnder(
  { removals }: Evidence,
  sessionId: string,
  { startedAt, endedAt }: CallFacts,
): boolean {
  return removals.some(
    (one) => one.sessionId === sessionId && one.sentAt <= endedAt && one.until >= startedAt - startMs,
  );
}

/** Whether anything of the session may have been removed at all. */
export function isTouched({ removals }: Pick<Evidence, 'removals'>, sessionId: string): boolean {
  return removals.some((one) => touches(one, sessionId));
}

/** Whether calls of the session may be gone too; a repeat of such a one is a new call of the same id. */
export function callsMayBeGone(
  { removals }: Pick<Evidence, 'removals'>,
  sessionId: string | undefined,
): boolean {
  return removals.some((one) => one.withCalls && one.sessionId === sessionId);
}

/** Nothing from before this moment (epoch ms) may be left of the session; with `calls`, of its ended calls either. */
export function clearedBefore({ removals }: Evidence, sessionId: string, calls: boolean): number {
  const done = removals.filter((one) => one.done && one.sessionId === sessionId && (!calls || one.withCalls));
  return Math.max(0, ...done.map(({ sentAt }) => sentAt));
}

/** The request that an agent was asked for. */
export function requestOf({ requests }: Pick<Evidence, 'requests'>, prompt: string): CallRequest | undefined {
  return requests[Number(/^#(\d+) /.exec(prompt)?.[1] ?? 0) - 1];
}

function touches({ sessionId }: Removal, id: string): boolean {
  return sessionId === undefined || sessionId === id;
}
