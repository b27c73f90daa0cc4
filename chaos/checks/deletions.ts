/** Checks that nothing is left of deleted sessions. */
import type { StoredData } from '../product/stored-data.ts';
import type { Evidence, Finding } from './evidence.ts';
import { clearedBefore } from './removals.ts';

/**
 * Checks that no run of a session is left in the database once its deletion was answered, except runs that Temporal has queued
 * for deletion. Temporal deletes those minutes later (after the next checkpoint of its queues, with growing pauses), so the
 * check reads that queue too.
 */
export async function checkDeletions(evidence: Evidence, data: StoredData | undefined): Promise<Finding> {
  const deleted = [
    ...new Set(evidence.removals.flatMap(({ done, sessionId }) => (done && sessionId ? [sessionId] : []))),
  ];
  const row = {
    row: 'deletion',
    what: 'nothing is left of a deleted session, nor of its calls where asked for',
  };
  if (!data) return { ...row, checked: 0, violations: [], skipped: 'no program here can read the database' };
  const queue = (await data.transferTasks()).join('\n');
  const stored = new Set(await data.runIds());
  const left = deleted
    .flatMap((id) => removedRuns(id, evidence))
    // Temporal may have deleted it since the histories were read.
    .filter(({ runId }) => stored.has(runId.replaceAll('-', '')));
  const forgotten = left.filter(({ runId }) => !queue.includes(deletionOf(runId)));
  return {
    ...row,
    checked: deleted.length,
    violations: forgotten.map(
      ({ id, runId }) => `${id}: the run ${runId} still exists after its deletion was answered`,
    ),
    note: `${left.length} runs wait in Temporal's queue`,
  };
}

/**
 * Returns the runs that the last deletion of the session had to remove: the session's runs that started before it, and the runs
 * of its calls that ended before it.
 */
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

/**
 * Returns how a queued deletion of the run appears in a transfer task, in hex: the run id, then TaskType 24,
 * TRANSFER_DELETE_EXECUTION (temporal/api/enums/v1/task.proto).
 */
function deletionOf(runId: string): string {
  return `${Buffer.from(runId).toString('hex').toUpperCase()}2018`;
}
