/** Finds out from a call's history whether it has ended, and what its ending adds to its session. */
import type { FoundCall } from '../../activities/turn-activities.ts';
import { commitOf } from '../../domain/turn-text.ts';
import { Refusal } from '../../domain/failures.ts';
import { readCallRun, type CallRun } from '../calls/existing-call.ts';
import type { Temporal } from '../temporal/rpc.ts';

/**
 * Reads the ending of a call of this session. If somebody has reset the call in Temporal after it had ended, its first ending
 * counts, because that is the one that clients got. Throws the refusal `temporal_unavailable`.
 */
export async function findEnding(temporal: Temporal, sessionId: string, callId: string): Promise<FoundCall> {
  const newest = await readRun(temporal, callId);
  if (!newest) return { state: 'missing' };
  let first = newest;
  for (let run: CallRun | undefined = newest; run?.resetFrom !== undefined;) {
    run = await readRun(temporal, callId, run.resetFrom);
    if (run?.end && !run.end.byReset) first = run;
  }
  const { input, startedAt, end } = first;
  if (!end) return { state: 'running' };
  if (input.sessionId !== sessionId) return { state: 'ended' };
  return { state: 'ended', commit: { ...commitOf(input, end), startedAt } };
}

async function readRun(temporal: Temporal, callId: string, runId?: string): Promise<CallRun | undefined> {
  try {
    return await readCallRun(temporal, callId, runId);
  } catch (error) {
    if (error instanceof Refusal && error.type === 'call_not_found') return undefined;
    throw error;
  }
}
