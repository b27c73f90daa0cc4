/** Starts PostgreSQL and the full Temporal server once per `npm run test:cluster`, for all test files. */
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
      await reportCrossings(countsFile);
      await cleanups.run();
    };
  } catch (error) {
    await cleanups.run();
    throw error;
  }
}

/** From this many requests on, some must have followed a change through another facade, even if only a few files ran. */
const manyReads = 50;

/** Fails a run whose requests all went to one facade, since it would prove nothing. */
async function reportCrossings(countsFile: string): Promise<void> {
  const lines = (await readFile(countsFile, 'utf8').catch(() => '')).trim().split('\n');
  const sum = (column: number): number =>
    lines.reduce((total, line) => total + Number(line.split(' ')[column] ?? 0), 0);
  const [reads, crossed] = [sum(0), sum(1)];
  console.log(`${reads} reads, of which ${crossed} asked another facade than the last change had gone to`);
  if (reads < manyReads || crossed > 0) return;
  console.error(
    'No read asked another facade than the last change had gone to: the facades were not told apart',
  );
  process.exitCode = 1; // An error of a teardown is only printed, and would not fail the run.
}
