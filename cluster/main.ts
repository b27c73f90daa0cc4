/**
 * `npm run cluster`: runs PostgreSQL, the full Temporal server, facades and workers on this machine, without a container
 * engine, until Ctrl-C or until one of them cannot be kept running.
 */
import { runMain, stopSignal, Cleanups } from '../src/platform/shutdown.ts';
import { StartupError } from '../src/platform/startup-error.ts';
import { createLog } from '../src/platform/logging.ts';
import { serverTable } from '../src/platform/server-table.ts';
import { buildHoldfast } from './build-holdfast.ts';
import { help, readOptions, type Options } from './options.ts';
import { workerUrl } from './holdfast-processes.ts';
import { stateFile } from './open-state.ts';
import { startCluster, type Cluster } from './start-cluster.ts';

await runMain(async () => {
  const options = readOptionsOrThrow();
  if (!options) {
    console.log(help);
    return;
  }
  const stopRequested = stopSignal();
  const aborting = new AbortController();
  void stopRequested.then(() => aborting.abort(new StartupError('It was stopped before it was ready')));
  const cleanups = new Cleanups(createLog('warn'));
  const report = (line: string): void => console.error(line);
  try {
    if (options.build) await buildHoldfast(report, aborting.signal);
    const began = performance.now();
    const cluster = await startCluster(options, cleanups, report, aborting.signal);
    report(whereItIs(cluster, options, (performance.now() - began) / 1_000));
    const reason = await Promise.race([cluster.lost, stopRequested.then(() => undefined)]);
    if (reason !== undefined) {
      report(`The cluster cannot go on: ${reason}`); // Reported first, since stopping can take a minute.
      throw new StartupError('The cluster was stopped, as it could not go on (see above)');
    }
  } finally {
    aborting.abort(); // Do not wait for a process that is being restarted.
    await cleanups.run();
  }
});

function readOptionsOrThrow(): Options | undefined {
  try {
    return readOptions(process.argv.slice(2), process.getuid?.() === 0);
  } catch (error) {
    throw new StartupError((error as Error).message, { cause: error });
  }
}

function whereItIs(cluster: Cluster, { dataDir }: Options, seconds: number): string {
  const { facadeUrls, workers, state, postgres, temporal, isNew } = cluster;
  const { ports, shards } = state;
  const lines = [
    ...cluster.facades.map(({ name, pid }, index) => [name, `${facadeUrls[index]}/  (pid ${pid})`]),
    ...workers.map(({ name, pid }) => [name, `${workerUrl(name, state)}/healthz  (pid ${pid})`]),
    [
      'Temporal',
      `${cluster.temporalAddress}  (${serverTable.temporal}, ${shards} shards, pid ${temporal.pid})`,
    ],
    [
      'PostgreSQL',
      `127.0.0.1:${ports['postgres']}  (${cluster.postgresVersion}, pid ${postgres.pid}; password in ${stateFile(dataDir)})`,
    ],
    ['Logs', cluster.logFolder],
    ['Data', `${dataDir}  (${isNew ? 'new' : 'from an earlier start'})`],
  ];
  const columns = lines.map(([what = '', where = '']) => `    ${what.padEnd(10)}  ${where}`);
  return `
  The cluster is ready after ${seconds.toFixed(1)} s; Ctrl-C ends it

${columns.join('\n')}
`;
}
