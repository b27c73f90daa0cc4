/**
 * A stand-alone worker: the activities and workflows without the facade, for a Temporal server that the environment
 * names. Any number may run beside any number of facades.
 */
import { composeNode } from './src/node/compose.ts';
import { loadConfig } from './src/platform/config.ts';
import { createLog } from './src/platform/logging.ts';
import { openTemporal } from './src/platform/open-temporal.ts';
import { Cleanups, exitAtLatest, runMain, stopSignal } from './src/platform/shutdown.ts';
import { StartupError } from './src/platform/startup-error.ts';
import { configuredTarget } from './src/platform/temporal-connection.ts';
import { serveWorkerStatus } from './src/platform/worker-status.ts';
import { runWorker } from './src/platform/running-worker.ts';
import { searchAttributes } from './src/workflows/search-attributes.ts';

await runMain(async () => {
  const config = loadConfig(process.env);
  if (!configuredTarget())
    throw new StartupError(
      'A stand-alone worker needs a Temporal server: set TEMPORAL_ADDRESS, e.g. to that of a node started with npm start (127.0.0.1:7233)',
    );
  const log = createLog(config.logLevel);
  for (const warning of config.warnings) log.warn(warning);
  const cleanups = new Cleanups(log);
  const signal = stopSignal();
  try {
    const temporal = await openTemporal(config, log, cleanups, Object.values(searchAttributes));
    const node = await composeNode(config, log, temporal.connection, temporal.namespace, 'worker');
    cleanups.add('checks of answers', () => node.expectations.close());
    cleanups.add('connections to agents', () => node.transport.close());
    await node.membership.join();
    cleanups.add('leaving the registry of nodes', () => node.membership.leave());
    await node.health.ensure();
    cleanups.add('sending the last outcomes', () => node.health.flush());
    const worker = await runWorker(() => node.createWorker({ graceMs: config.drainMs }));
    cleanups.add('worker', () => worker.stop());
    cleanups.add('watching the server', node.watchServer(worker));
    cleanups.add('watching the clock', node.watchClock());
    await node.enterVersions();
    cleanups.add('sending outcomes', node.startSync({ readers: false }));
    if (config.worker.port > 0) {
      cleanups.add('status', await serveWorkerStatus(config.worker.port, node.metrics, worker));
      await node.membership.listensAt(`http://127.0.0.1:${config.worker.port}`);
    }
    const { taskQueue, buildId } = config.worker;
    log.info({ taskQueue, buildId, temporal: temporal.address }, 'Worker is ready');

    const failure = Promise.race([worker.ended, node.membership.refused]).then(
      (reason) => new StartupError(`The worker cannot go on: ${reason}`),
    );
    const reason = await Promise.race([signal, failure]);
    log.info({ reason: String(reason) }, 'Stopping');
    exitAtLatest(config.drainMs + 5_000);
    await worker.stop(); // Its asks end, or are handed over; until then it tells its status.
    if (reason instanceof Error) throw reason;
  } finally {
    await cleanups.run();
  }
});
