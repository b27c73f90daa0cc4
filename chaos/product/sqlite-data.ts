/** Reads the embedded server's SQLite file with the first program that is available here. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { StoredData } from './stored-data.ts';

interface SqliteReader {
  readonly name: string;
  /** Runs a query and returns the first column of every row. Throws if this reader is not available. */
  readonly query: (database: string, sql: string) => Promise<string[]>;
}

const run = promisify(execFile);
const python = `import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]): print(row[0])`;

const readers: readonly SqliteReader[] = [
  {
    name: 'node:sqlite',
    async query(database, sql) {
      // Node 22 and newer. The name is in a variable because the types of Node 20 do not know the module.
      const name = 'node:sqlite';
      const { DatabaseSync } = (await import(name)) as {
        DatabaseSync: new (path: string) => { prepare(sql: string): { all(): Record<string, unknown>[] } };
      };
      return new DatabaseSync(database)
        .prepare(sql)
        .all()
        .map((row) => String(Object.values(row)[0]));
    },
  },
  { name: "python3's sqlite3", query: (...args) => linesOf('python3', ['-c', python, ...args]) },
  { name: 'the sqlite3 CLI', query: (...args) => linesOf('sqlite3', args) },
];

/** Opens the database file. Returns undefined if no program that reads SQLite is available. */
export async function openSqliteData(database: string): Promise<StoredData | undefined> {
  const reader = await findReader(database);
  return (
    reader && {
      async verify() {
        const lines = await reader.query(database, 'PRAGMA integrity_check');
        const violations = lines.join() === 'ok' ? [] : lines.slice(0, 20);
        return { what: 'PRAGMA integrity_check', checked: 1, violations, note: `by ${reader.name}` };
      },
      transferTasks: () => reader.query(database, 'SELECT hex(data) FROM transfer_tasks'),
      runIds: () => reader.query(database, 'SELECT lower(hex(run_id)) FROM executions'),
      close: () => Promise.resolve(),
    }
  );
}

async function findReader(database: string): Promise<SqliteReader | undefined> {
  for (const reader of readers) {
    const works = await reader.query(database, 'SELECT 1').catch(() => undefined);
    if (works) return reader;
  }
  return undefined;
}

async function linesOf(command: string, args: readonly string[]): Promise<string[]> {
  const { stdout } = await run(command, args, { maxBuffer: 256 * 1024 * 1024 });
  return stdout.split('\n').filter((line) => line !== '');
}
