/** Calls that this node started and that ended on another: only Temporal can tell. */
import { callIdOf } from '../../domain/ids.ts';
import type { CallsInFlight } from './calls-in-flight.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { endedAmongQuery } from '../temporal/queries.ts';
import { listPage } from '../temporal/visibility.ts';

/** Per round, in one list: what is left comes in the next. */
const maxLooks = 100;

/** Gives back the places of calls that have ended. Throws `Refusal` when Temporal does not answer. */
export async function forgetEnded(temporal: Temporal, inFlight: CallsInFlight): Promise<void> {
  const nowMs = performance.now();
  inFlight.sweep(nowMs);
  const due = inFlight.toLookAt(nowMs, maxLooks);
  if (due.length === 0) return;
  const { items } = await listPage(temporal, endedAmongQuery(due), { limit: maxLooks });
  for (const { execution } of items) inFlight.done(callIdOf(execution?.workflowId ?? ''));
}
