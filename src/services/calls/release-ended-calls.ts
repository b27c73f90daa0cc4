/** Notices the calls that this node started and that ended without its knowledge, for example on another node. */
import { callIdOf } from '../../domain/ids.ts';
import type { CallsInFlight } from './calls-in-flight.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { endedAmongQuery } from '../temporal/queries.ts';
import { listPage } from '../temporal/visibility.ts';

/** How many calls one round checks, with one list request. The others wait for the next round. */
const maxChecks = 100;

/**
 * Asks Temporal which of the calls in flight have ended, and no longer counts those. Throws the refusal
 * `temporal_unavailable`.
 */
export async function releaseEndedCalls(temporal: Temporal, inFlight: CallsInFlight): Promise<void> {
  const nowMs = performance.now();
  inFlight.sweep(nowMs);
  const due = inFlight.dueForCheck(nowMs, maxChecks);
  if (due.length === 0) return;
  const { items } = await listPage(temporal, endedAmongQuery(due), { limit: maxChecks });
  for (const { execution } of items) inFlight.done(callIdOf(execution?.workflowId ?? ''));
}
