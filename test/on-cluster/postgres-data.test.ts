/** How the chaos suite reads PostgreSQL after a run, on a real server. */
import { execFile } from 'node:child_process';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { checkIntegrity } from '../../chaos/checks/integrity.ts';
import { openPostgresData, type PostgresPlace } from '../../chaos/product/postgres-data.ts';
import { findPostgres } from '../../cluster/find-postgres.ts';
import { freePorts } from '../../cluster/free-ports.ts';
import { letPostgresEnter } from '../../cluster/make-data-dir.ts';
import { ClusterProcess } from '../../cluster/cluster-process.ts';
import {
  initPostgres,
  postgresFolder,
  postgresIdentity,
  postgresPlan,
  postgresUser,
} from '../../cluster/postgres.ts';

const password = 'a password';
const secret = 'canary-of-this-test';
const runId = '01a2108c034877a9bccb94cf5613b012';

/** Makes the tables of Temporal that are read, one of them with an index and many rows. Returns where the rows are stored. */
async function postgresWithRows(): Promise<{ place: PostgresPlace; rowsFile: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-cluster-'));
  await letPostgresEnter(folder);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const binaries = await findPostgres(undefined);
  const user = await postgresIdentity(folder);
  const [port = 0] = await freePorts(1);
  await initPostgres(binaries, folder, password, user, new AbortController().signal);
  const plan = postgresPlan(binaries, folder, port, user);
  const sql = (database: string, statement: string) => {
    const args = [
      '-h',
      '127.0.0.1',
      '-p',
      String(port),
      '-U',
      postgresUser,
      '-d',
      database,
      '-XAtc',
      statement,
    ];
    const env = { ...process.env, PGPASSWORD: password };
    return promisify(execFile)(join(binaries.binDir, 'psql'), args, { env });
  };
  const server = await ClusterProcess.start(
    { ...plan, logFolder: folder },
    () => undefined,
    new AbortController().signal,
  );
  for (const database of ['temporal', 'temporal_visibility'])
    await sql('postgres', `CREATE DATABASE ${database}`);
  await sql('temporal', 'CREATE TABLE transfer_tasks (data bytea); CREATE TABLE executions (run_id bytea)');
  await sql('temporal', `INSERT INTO executions VALUES ('\\x${runId}')`);
  await sql('temporal', "INSERT INTO transfer_tasks VALUES ('\\x0aff2018')");
  // Compressed in the file, by PostgreSQL itself.
  await sql(
    'temporal',
    `CREATE TABLE history_node (id int PRIMARY KEY, data bytea);
     INSERT INTO history_node SELECT id, repeat('${secret}', 300)::bytea FROM generate_series(1, 2000) AS id`,
  );
  const { stdout } = await sql('temporal', "SELECT pg_relation_filepath('history_node')");
  await server.stop();
  const place = { plan, binDir: binaries.binDir, port, password, folder };
  return { place, rowsFile: join(postgresFolder(folder), stdout.trim()) };
}

test('every row is copied byte for byte, and the queue and the runs are read in the form that the checks compare', async () => {
  const { place } = await postgresWithRows();
  const data = await openPostgresData(place);
  onTestFinished(() => data.close());
  expect(await data.transferTasks()).toEqual(['0AFF2018']);
  expect(await data.runIds()).toEqual([runId]);
  const finding = await checkIntegrity(data);
  expect(finding).toMatchObject({ row: 'database', checked: 3, violations: [], note: '2002 rows' });
  const table = await readFile(join(place.folder, 'tables', 'temporal', 'history_node'), 'latin1');
  expect(table).toContain(secret.repeat(300));
}, 120_000);

test('a damaged table is found', async () => {
  const { place, rowsFile } = await postgresWithRows();
  const file = await open(rowsFile, 'r+');
  await file.write(Buffer.alloc(4_096, 0xff), 0, 4_096, 2_048);
  await file.close();
  const data = await openPostgresData(place);
  onTestFinished(() => data.close());
  expect((await checkIntegrity(data)).violations).not.toEqual([]);
}, 120_000);
