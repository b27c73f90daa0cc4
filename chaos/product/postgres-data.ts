/** Starts PostgreSQL once more after a run, only for the checks, and reads it with psql and pg_amcheck. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ClusterProcess, type ClusterProcessPlan } from '../../cluster/cluster-process.ts';
import { postgresUser } from '../../cluster/postgres.ts';
import { serverTable } from '../../src/platform/server-table.ts';
import type { StoredData, Verified } from './stored-data.ts';

/** Describes where PostgreSQL is and how to connect to it. */
export interface PostgresPlace {
  /** The plan of the process that runs PostgreSQL on its data. */
  readonly plan: Omit<ClusterProcessPlan, 'logFolder'>;
  readonly binDir: string;
  readonly port: number;
  readonly password: string;
  /** The folder for PostgreSQL's log and for the copies of its tables. */
  readonly folder: string;
}

const run = promisify(execFile);
const maxBuffer = 256 * 1024 * 1024;
const shown = 20;
const databases = Object.keys(serverTable.databases);
const [main = ''] = databases;

/** Starts PostgreSQL and returns access to its data. `close` stops it. */
export async function openPostgresData(place: PostgresPlace): Promise<StoredData> {
  const plan = { ...place.plan, name: 'postgres-read', logFolder: place.folder };
  const server = await ClusterProcess.start(plan, () => undefined, new AbortController().signal);
  const inHex = (sql: string): Promise<string[]> => psql(place, main, sql);
  return {
    verify: () => verify(place),
    transferTasks: () => inHex("SELECT upper(encode(data, 'hex')) FROM transfer_tasks"),
    runIds: () => inHex("SELECT encode(run_id, 'hex') FROM executions"),
    close: () => server.stop(),
  };
}

/**
 * Runs pg_amcheck and reads every row of every table. Without pg_amcheck the first check is left out, except in CI, where that
 * is a violation.
 */
async function verify(place: PostgresPlace): Promise<Verified> {
  const checker = await amcheck(place);
  const tables: number[] = [];
  const unread: string[] = [];
  for (const database of databases)
    await readAll(place, database).then(
      (counts) => tables.push(...counts),
      (error: unknown) => unread.push(`${database} cannot be read: ${String(error).slice(-1_000)}`),
    );
  const rows = tables.reduce((sum, count) => sum + count, 0);
  const unchecked = checker ?? (process.env['CI'] ? ['pg_amcheck is not installed'] : []);
  return {
    what: 'pg_amcheck finds nothing, every row of every table is read',
    checked: tables.length,
    violations: [...unchecked, ...unread],
    note: `${rows} rows${checker ? '' : '; pg_amcheck is not installed here'}`,
  };
}

/** Runs pg_amcheck on every table and index of both databases. Returns the violations, or undefined if it is not installed. */
async function amcheck(place: PostgresPlace): Promise<string[] | undefined> {
  const depth = ['--install-missing', '--heapallindexed', '--parent-check'];
  const args = [...connectionTo(place), ...depth, ...databases.map((name) => `--database=${name}`)];
  try {
    await run(join(place.binDir, 'pg_amcheck'), args, { env: environment(place), maxBuffer });
    return [];
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (code === 'ENOENT') return undefined;
    return [`pg_amcheck: ${String(error)}`, ...(stdout + stderr).split('\n').filter(Boolean)].slice(0, shown);
  }
}

/** Copies every table into an uncompressed file, so that it can be searched for secrets. Returns the number of rows of each. */
async function readAll(place: PostgresPlace, database: string): Promise<number[]> {
  const folder = join(place.folder, 'tables', database);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const tables = await psql(
    place,
    database,
    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
  );
  const copies = tables.map(
    (table) => `\\copy public."${table}" to '${join(folder, table).replaceAll("'", "''")}' (format binary)`,
  );
  // Without a statement psql would wait for input.
  const results = copies.length === 0 ? [] : await psql(place, database, ...copies);
  return results.map((line) => Number(line.replace('COPY ', '')));
}

/** Runs the statements and returns the lines of their output, without headers. */
async function psql(place: PostgresPlace, database: string, ...statements: string[]): Promise<string[]> {
  const plain = ['--no-psqlrc', '--no-align', '--tuples-only', '--set=ON_ERROR_STOP=1'];
  const commands = statements.map((statement) => `--command=${statement}`);
  const args = [...connectionTo(place), ...plain, `--dbname=${database}`, ...commands];
  const { stdout } = await run(join(place.binDir, 'psql'), args, { env: environment(place), maxBuffer });
  return stdout.split('\n').filter((line) => line !== '');
}

function connectionTo({ port }: PostgresPlace): string[] {
  return ['--host=127.0.0.1', `--port=${port}`, `--username=${postgresUser}`];
}

function environment({ password }: PostgresPlace): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], PGPASSWORD: password };
}
