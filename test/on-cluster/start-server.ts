/** Once per `npm run test:cluster`: PostgreSQL and the full Temporal server, for every file. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { letPostgresEnter } from '../../cluster/make-data-dir.ts';
import { startCluster } from '../../cluster/start-cluster.ts';
import { createLog } from '../../src/platform/logging.ts';
import { Cleanups } from '../../src/platform/shutdown.ts';

export default async function setup(): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-cluster-'));
  await letPostgresEnter(dataDir);
  const cleanups = new Cleanups(createLog('warn'));
  cleanups.add('data', () => rm(dataDir, { recursive: true, force: true }));
  const options = { dataDir, facades: 0, workers: 0, shards: undefined };
  const calledOff = new AbortController();
  try {
    const { temporalAddress } = await startCluster(options, cleanups, console.log, calledOff.signal);
    const countsFile = join(dataDir, 'reads');
    Object.assign(process.env, { TEST_CLUSTER_ADDRESS: temporalAddress, TEST_CLUSTER_COUNTS: countsFile });
    return async () => {
      calledOff.abort();
      await tellCrossings(countsFile);
      await cleanups.run();
    };
  } catch (error) {
    await cleanups.run();
    throw error;
  }
}

async function tellCrossings(countsFile: string): Promise<void> {
  const lines = (await readFile(countsFile, 'utf8').catch(() => '')).trim().split('\n');
  const sum = (column: number): number =>
    lines.reduce((total, line) => total + Number(line.split(' ')[column] ?? 0), 0);
  console.log(`${sum(0)} reads, of which ${sum(1)} asked another facade than the last change had gone to`);
}
