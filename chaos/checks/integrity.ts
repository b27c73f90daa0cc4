import type { DatabaseReader } from './database.ts';
import type { Finding } from './evidence.ts';

export async function checkIntegrity(reader: DatabaseReader | undefined, database: string): Promise<Finding> {
  const row = { row: 'database', what: 'PRAGMA integrity_check' };
  if (!reader) return { ...row, checked: 0, violations: [], skipped: 'nothing here reads SQLite' };
  const told = await reader.query(database, 'PRAGMA integrity_check');
  const violations = told.join() === 'ok' ? [] : told.slice(0, 20);
  return { ...row, checked: 1, violations, note: `by ${reader.name}` };
}
