/** The checks of what is left on the disk, on real files. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { checkDeletions } from '../../chaos/checks/deletions.ts';
import { secretsFinding } from '../../chaos/checks/files.ts';
import { checkIntegrity } from '../../chaos/checks/integrity.ts';
import { checkTexts } from '../../chaos/checks/texts.ts';
import { Journal } from '../../chaos/load/journal.ts';
import { openSqliteData } from '../../chaos/product/sqlite-data.ts';
import { Secrets } from '../../chaos/secrets.ts';
import { openPayloadStore } from '../../src/payloads/open-store.ts';
import { callOwner } from '../../src/payloads/owners.ts';
import { TextStore } from '../../src/payloads/text-store.ts';
import { doctor, evidenceOf, soundRun } from './support.ts';

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const runId = '01a2108c-0348-77a9-bccb-94cf5613b012';

/** With the transfer tasks and the run given; written by python3, which CI has. */
async function databaseWith(tasks: readonly Buffer[], storedRun = runId): Promise<string> {
  const path = join(await tempFolder(), 'test.db');
  const script = `import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("CREATE TABLE transfer_tasks (data BLOB)")
db.execute("CREATE TABLE executions (run_id BLOB)")
db.execute("INSERT INTO executions VALUES (?)", (bytes.fromhex(sys.argv[2]),))
for task in sys.argv[3:]: db.execute("INSERT INTO transfer_tasks VALUES (?)", (bytes.fromhex(task),))
db.commit()`;
  const hexes = [storedRun.replaceAll('-', ''), ...tasks.map((task) => task.toString('hex'))];
  await promisify(execFile)('python3', ['-c', script, path, ...hexes]);
  return path;
}

async function deletionsIn(database: string) {
  const evidence = evidenceOf(soundRun(), {
    removals: [{ sessionId: 'gone', withCalls: false, sentAt: 2_000, until: 2_100, done: true }],
    sessionFacts: new Map([
      ['gone', { runs: [{ runId, startedAt: 1_000 }], turnsAsked: [], endingsTaken: [] }],
    ]),
  });
  return checkDeletions(evidence, await openSqliteData(database));
}

test('a run of a deleted session that still exists is found, unless Temporal has queued its deletion or has just deleted it', async () => {
  const deletion = Buffer.concat([Buffer.from(runId), Buffer.from([0x20, 0x18])]);
  const other = Buffer.concat([Buffer.from(runId), Buffer.from([0x20, 0x05])]);
  expect((await deletionsIn(await databaseWith([other]))).violations).toEqual([
    expect.stringContaining(`gone: the run ${runId}`),
  ]);
  expect((await deletionsIn(await databaseWith([other, deletion]))).violations).toEqual([]);
  const anotherRun = '01a2108c-0348-77a9-bccb-000000000000';
  expect((await deletionsIn(await databaseWith([other], anotherRun))).violations).toEqual([]);
});

test('a call that should have been deleted with its session is found; one that was running, or that the deletion did not include, may stay', async () => {
  const database = await databaseWith([]);
  const found = async (facts: object, withCalls: boolean) => {
    const run = soundRun();
    doctor(run.calls, 'one', { sessionId: 'gone', runIds: [runId], endedAt: 1_500, ...facts });
    const removals = [{ sessionId: 'gone', withCalls, sentAt: 2_000, until: 2_100, done: true }];
    const evidence = evidenceOf(run, { removals });
    return (await checkDeletions(evidence, await openSqliteData(database))).violations;
  };
  expect(await found({}, true)).toEqual([expect.stringContaining(`gone, call one: the run ${runId}`)]);
  expect(await found({ endedAt: 2_050 }, true)).toEqual([]);
  expect(await found({}, false)).toEqual([]);
});

test('a large text of a deleted call is found, and one of an existing call is not', async () => {
  const folder = await tempFolder();
  const texts = new TextStore(openPayloadStore({ kind: 'folder', path: folder }), 0);
  for (const id of ['one', 'two']) await texts.save(callOwner(id), 'a large prompt');
  const removals = [{ sessionId: 'shared', withCalls: true, sentAt: 2_000, until: 2_100, done: true }];
  const run = soundRun();
  run.calls.delete('one');
  expect((await checkTexts(evidenceOf(run, { removals }), folder)).violations).toEqual([
    expect.stringMatching(/^one: .*its texts are in the payload store/),
  ]);
});

test('a damaged database is found', async () => {
  const database = await databaseWith(Array.from({ length: 400 }, () => Buffer.alloc(200, 7)));
  const sound = await checkIntegrity(await openSqliteData(database));
  expect([sound.checked, sound.violations]).toEqual([1, []]);
  const data = await openSqliteData(database);
  const script = `import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(5 * 4096)
    file.write(b"\\xff" * 4096)`;
  await promisify(execFile)('python3', ['-c', script, database]);
  const broken = await checkIntegrity(data).catch(() => ({ violations: ['it cannot be read'] }));
  expect(broken.violations).not.toEqual([]);
});

test('a secret is found in every encoding, also across the boundary of two pieces of a file', async () => {
  const secrets = new Secrets();
  const secret = secrets.make('a token');
  const padded = (offset: number): string =>
    Buffer.from(`${'x'.repeat(offset)}${secret}y`).toString('base64');
  const spellings = [secret, Buffer.from(secret).toString('hex'), padded(0), padded(1), padded(2)];
  for (const spelling of spellings) {
    const productFolder = await tempFolder();
    const journal = new Journal(join(await tempFolder(), 'journal.jsonl'));
    await writeFile(join(productFolder, 'log'), `${'-'.repeat(4 * 1024 * 1024 - 10)}${spelling}-`);
    const finding = await secretsFinding({ productFolder, secrets, journal }, { withSecrets: [] });
    expect(finding.violations).toEqual([expect.stringContaining('holds a token')]);
    await journal.close();
  }
  expect(secrets.foundIn('canary-of-another-run and nothing else')).toEqual([]);
});
