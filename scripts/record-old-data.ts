/** Records the data directory that test/upgrade starts from: see the usage below. */
import { execFile } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { create } from 'tar';
import { runMain } from '../src/platform/shutdown.ts';
import { StartupError } from '../src/platform/startup-error.ts';
import { makeOldData } from '../test/upgrade/make-old-data.ts';
import { dataFile, recordedData } from '../test/upgrade/recorded-data.ts';

const usage = `npx tsx scripts/record-old-data.ts CHECKOUT

CHECKOUT is a folder with the code of before ADR 0035 and with its build, for example of the commit 9e2552e:
  git worktree add ../before 9e2552e && cd ../before && npm ci && npm run build
Its path is in the stack traces that are recorded. The program sqlite3 is needed.`;

/** What a node makes again. */
const useless = /^node\.lock|\.log$|-wal$|-shm$/;

await runMain(async () => {
  const [checkout = '-'] = process.argv.slice(2);
  if (checkout.startsWith('-')) throw new StartupError(usage);
  const { dataDir, data } = await makeOldData(resolve(checkout));
  const database = join(dataDir, 'temporal.db');
  await promisify(execFile)('sqlite3', [database, 'PRAGMA wal_checkpoint(TRUNCATE); VACUUM;']);
  await writeFile(join(dataDir, dataFile), JSON.stringify(data, undefined, 2));
  const files = (await readdir(dataDir)).filter((name) => !useless.test(name));
  await create({ cwd: dataDir, file: recordedData, gzip: { level: 9 }, portable: true }, files);
  await rm(dataDir, { recursive: true, force: true });
  console.log(
    `${recordedData}: ${data.ended.length} calls have ended, and untold: ${data.endedUntold.join(', ')}`,
  );
});
