import type { StoredData } from '../product/stored-data.ts';
import type { Finding } from './evidence.ts';

/** Checks that the database is not corrupt. `data` is undefined if this machine cannot read it. */
export async function checkIntegrity(data: StoredData | undefined): Promise<Finding> {
  if (data) return { row: 'database', ...(await data.verify()) };
  const skipped = 'no program here can read it';
  return { row: 'database', what: 'the database is whole', checked: 0, violations: [], skipped };
}
