import { withTimeLimit } from '../lib/time-limit.ts';
import type { Drain } from '../api/http/drain.ts';

/** The part of the drain's time that is reserved for answering waiting clients with 202. */
const releaseMs = 500;

/**
 * Refuses new work, and waits up to `drainMs` until every HTTP request is answered and no agent is being asked. Then answers
 * the clients that still wait with 202: their calls continue on another node, or after the restart.
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
