/** Reading the server's SQLite file once nothing writes it, by whatever can do so here. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface DatabaseReader {
  readonly name: string;
  /** The first column of every row; throws where this reader does not exist. */
  readonly query: (database: string, sql: string) => Promise<string[]>;
}

const run = promisify(execFile);
const python = `import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]): print(row[0])`;

const readers: readonly DatabaseReader[] = [
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
export async function findReader(database: string): Promise<DatabaseReader | undefined> {
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
