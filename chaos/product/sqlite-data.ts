/** Reads the embedded server's SQLite file by whatever can do so here. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { StoredData } from './stored-data.ts';

interface SqliteReader {
  readonly name: string;
  /** The first column of every row; throws where this reader does not exist. */
  readonly query: (database: string, sql: string) => Promise<string[]>;
}

const run = promisify(execFile);
const python = `import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]): print(row[0])`;

const readers: readonly SqliteReader[] = [
  {
    name: 'node:sqlite',
    async query(database, sql) {
      // Node 22 and newer; by a name that the types of Node 20 need not know.
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

/** Undefined: nothing here reads SQLite. */
export async function openSqliteData(database: string): Promise<StoredData | undefined> {
  const reader = await findReader(database);
  return (
    reader && {
      async verify() {
        const told = await reader.query(database, 'PRAGMA integrity_check');
        const violations = told.join() === 'ok' ? [] : told.slice(0, 20);
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
