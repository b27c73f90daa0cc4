/** After a restart the calls of before still run: they are this node's load again. */
import type { CallRecords } from './call-records.ts';
import type { CallsInFlight } from './calls-in-flight.ts';

/**
 * Counts the running calls that were started before `startedAt`, for a node whose Temporal server is its own: on another
 * they may be other nodes'. The list may lag by seconds, so a later look may find more. It does not tell deadlines: a call
 * counts until it is seen to have ended, or for `maxDeadlineMs`. Throws `Refusal` when Temporal does not answer.
 */
export async function takeUpRunning(
  { records, inFlight }: { records: CallRecords; inFlight: CallsInFlight },
  { startedAt, maxDeadlineMs }: { startedAt: Date; maxDeadlineMs: number },
): Promise<void> {
  for await (const call of records.all({ status: 'running', until: startedAt }))
    if (!inFlight.has(call.callId)) inFlight.add(call.callId, call.agentAsked, maxDeadlineMs + 60_000);
}
