/** What is left of deleted sessions. */
import type { DatabaseReader } from './database.ts';
import type { Evidence, Finding } from './evidence.ts';

/**
 * A session whose deletion was answered leaves nothing, but what Temporal has been told to delete: it does so minutes
 * later (after its queues' next checkpoints, with pauses that grow), so its queue is looked into.
 */
export async function checkDeletions(
  { sessionRecords, sessionFacts }: Evidence,
  reader: DatabaseReader | undefined,
  database: string,
): Promise<Finding> {
  const deleted = sessionRecords.filter(({ deletion }) => deletion === 'done');
  const row = { row: 'deletion', what: 'nothing is left of a deleted session' };
  if (!reader) return { ...row, checked: 0, violations: [], skipped: 'nothing here reads SQLite' };
  const queue = (await reader.query(database, 'SELECT hex(data) FROM transfer_tasks')).join('\n');
  const stored = new Set(await reader.query(database, 'SELECT lower(hex(run_id)) FROM executions'));
  const left = deleted.flatMap(({ id, clearedBefore = 0 }) =>
    (sessionFacts.get(id)?.runs ?? [])
      .filter(({ startedAt }) => startedAt < clearedBefore)
      .map(({ runId }) => ({ id, runId }))
      // Temporal may have got round to it since the histories were read.
      .filter(({ runId }) => stored.has(runId.replaceAll('-', ''))),
  );
  const forgotten = left.filter(({ runId }) => !queue.includes(deletionOf(runId)));
  return {
    ...row,
    checked: deleted.length,
    violations: forgotten.map(
      ({ id, runId }) => `${id}: its run ${runId} is there after its deletion was answered`,
    ),
    note: `${left.length} runs wait in Temporal's queue`,
  };
}

/** In a transfer task: the run, then TaskType 24, TRANSFER_DELETE_EXECUTION (temporal/api/enums/v1/task.proto). */
function deletionOf(runId: string): string {
  return `${Buffer.from(runId).toString('hex').toUpperCase()}2018`;
}
