/** What is left of deleted sessions. */
import type { StoredData } from '../product/stored-data.ts';
import type { Evidence, Finding } from './evidence.ts';
import { clearedBefore } from './removals.ts';

/**
 * A session whose deletion was answered leaves nothing, but what Temporal has been told to delete: it does so minutes
 * later (after its queues' next checkpoints, with pauses that grow), so its queue is looked into.
 */
export async function checkDeletions(evidence: Evidence, data: StoredData | undefined): Promise<Finding> {
  const deleted = [
    ...new Set(evidence.removals.flatMap(({ done, sessionId }) => (done && sessionId ? [sessionId] : []))),
  ];
  const row = {
    row: 'deletion',
    what: 'nothing is left of a deleted session, nor of its calls where asked for',
  };
  if (!data) return { ...row, checked: 0, violations: [], skipped: 'nothing here reads the database' };
  const queue = (await data.transferTasks()).join('\n');
  const stored = new Set(await data.runIds());
  const left = deleted
    .flatMap((id) => removedRuns(id, evidence))
    // Temporal may have got round to it since the histories were read.
    .filter(({ runId }) => stored.has(runId.replaceAll('-', '')));
  const forgotten = left.filter(({ runId }) => !queue.includes(deletionOf(runId)));
  return {
    ...row,
    checked: deleted.length,
    violations: forgotten.map(
      ({ id, runId }) => `${id}: the run ${runId} is there after its deletion was answered`,
    ),
    note: `${left.length} runs wait in Temporal's queue`,
  };
}

/** What had begun, or of calls: ended, when the last deletion was sent. */
function removedRuns(sessionId: string, evidence: Evidence): { id: string; runId: string }[] {
  const before = {
    session: clearedBefore(evidence, sessionId, false),
    calls: clearedBefore(evidence, sessionId, true),
  };
  const runs = evidence.sessionFacts.get(sessionId)?.runs ?? [];
  const calls = [...evidence.calls.values()].filter((call) => call.sessionId === sessionId);
  return [
    ...runs
      .filter(({ startedAt }) => startedAt < before.session)
      .map(({ runId }) => ({ id: sessionId, runId })),
    ...calls
      .filter(({ endedAt, endings }) => endings === 1 && endedAt < before.calls)
      .flatMap(({ callId, runIds }) =>
        runIds.map((runId) => ({ id: `${sessionId}, call ${callId}`, runId })),
      ),
  ];
}

/** In a transfer task: the run, then TaskType 24, TRANSFER_DELETE_EXECUTION (temporal/api/enums/v1/task.proto). */
function deletionOf(runId: string): string {
  return `${Buffer.from(runId).toString('hex').toUpperCase()}2018`;
}
