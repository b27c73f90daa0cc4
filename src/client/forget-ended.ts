/** Calls that this node started and that ended on another: only Temporal can tell. */
import { Refusal } from '../domain/failures.ts';
import { callStatusOf, describeExecution } from './call-execution.ts';
import type { CallsInFlight } from './calls-in-flight.ts';
import type { Temporal } from './temporal.ts';

/** Per round: each look costs the server some 4 ms. */
const maxLooks = 20;

/** Gives back the places of calls that have ended, or are gone. Throws `Refusal` when Temporal does not answer. */
export async function forgetEnded(temporal: Temporal, inFlight: CallsInFlight, nowMs: number): Promise<void> {
  inFlight.sweep(nowMs);
  for (const callId of inFlight.toLookAt(nowMs, maxLooks))
    if (await hasEnded(temporal, callId)) inFlight.done(callId);
}

async function hasEnded(temporal: Temporal, callId: string): Promise<boolean> {
  try {
    const { status } = await describeExecution(temporal, callId);
    return callStatusOf(status.name) !== 'running';
  } catch (error) {
    // Not started yet, if it is that new; its own request gives its place back where it comes to nothing.
    if (error instanceof Refusal && error.type === 'call_not_found') return false;
    throw error;
  }
}
