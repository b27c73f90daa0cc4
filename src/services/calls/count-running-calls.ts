/** After a restart, counts the calls that still run as this node's load. */
import { allProjects } from '../../domain/project.ts';
import type { CallRecords } from './call-records.ts';
import type { CallsInFlight } from './calls-in-flight.ts';

/**
 * Counts the running calls that were started before `startedAt`. Use it only for a node that has its own Temporal server: on a
 * shared server the calls may belong to other nodes. The list may lag by seconds, so a later run may find more calls. A list
 * does not contain deadlines: a call counts until it is known to have ended, but at most for `maxDeadlineMs` and a minute.
 * Throws the refusal `temporal_unavailable`.
 */
export async function countRunningCalls(
  { records, inFlight }: { records: CallRecords; inFlight: CallsInFlight },
  { startedAt, maxDeadlineMs }: { startedAt: Date; maxDeadlineMs: number },
): Promise<void> {
  for await (const call of records.all({ project: allProjects, status: 'running', until: startedAt }))
    if (!inFlight.has(call.callId)) inFlight.add(call.callId, call.agentAsked, maxDeadlineMs + 60_000);
}
