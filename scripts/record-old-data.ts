/** Records the data directories that test/upgrade starts from: see the usage below. */
import { execFile } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { create } from 'tar';
import { runMain } from '../src/platform/shutdown.ts';
import { StartupError } from '../src/platform/startup-error.ts';
import { makeOldData } from '../test/upgrade/make-old-data.ts';
import { makeKeyedData } from '../test/upgrade/make-keyed-data.ts';
import { dataFile, recordedData, recordedKeyedData } from '../test/upgrade/recorded-data.ts';

const usage = `npx tsx scripts/record-old-data.ts CHECKOUT
npx tsx scripts/record-old-data.ts CHECKOUT keys

CHECKOUT is a folder with the code of before ADR 0035 and with its build, for example of the commit 9e2552e:
  git worktree add ../before 9e2552e && cd ../before && npm ci && npm run build
With \`keys\`: with the code of before projects, for example of the commit 0023569.
Its path is in the stack traces that are recorded. The program sqlite3 is needed.`;

/** What a node makes again. */
const useless = /^node\.lock|\.log$|-wal$|-shm$/;

await runMain(async () => {
  const [checkout = '-', what] = process.argv.slice(2);
  if (checkout.startsWith('-')) throw new StartupError(usage);
  const keyed = what === 'keys';
  const { dataDir, data } = await (keyed ? makeKeyedData : makeOldData)(resolve(checkout));
  const file = keyed ? recordedKeyedData : recordedData;
  const database = join(dataDir, 'temporal.db');
  await promisify(execFile)('sqlite3', [database, 'PRAGMA wal_checkpoint(TRUNCATE); VACUUM;']);
  await writeFile(join(dataDir, dataFile), JSON.stringify(data, undefined, 2));
  const files = (await readdir(dataDir)).filter((name) => !useless.test(name));
  await create({ cwd: dataDir, file, gzip: { level: 9 }, portable: true }, files);
  await rm(dataDir, { recursive: true, force: true });
  const untold = 'ended' in data ? `, and untold: ${data.endedUntold.join(', ')}` : '';
  console.log(`${file}: ${('ended' in data ? data.ended : data.calls).length} calls have ended${untold}`);
});
