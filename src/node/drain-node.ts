import { withTimeLimit } from '../lib/time-limit.ts';
import type { Drain } from '../api/http/drain.ts';

/** What is left of the drain's time for waiters to be told 202. */
const releaseMs = 500;

/**
 * Refuses new work, waits until every request is answered and every ask is over or the time is up, then lets go of
 * those that still wait: their calls go on elsewhere or after the restart.
 */
export async function drainNode(
  drain: Drain,
  asks: { idle(): Promise<void> },
  drainMs: number,
): Promise<void> {
  drain.begin();
  await withTimeLimit(Promise.all([drain.idle(), asks.idle()]), drainMs - releaseMs, () => undefined);
  drain.releaseWaiters();
  await withTimeLimit(drain.idle(), releaseMs, () => undefined);
}
