/** `npm run worker`: one stand-alone worker, with the environment's settings, until a signal or a failure ends it. */
import { loadConfig, type Config } from '../platform/config.ts';
import { createLog, type Log } from '../platform/logging.ts';
import { openTemporal } from '../platform/open-temporal.ts';
import { runWorker, type RunningWorker } from '../platform/running-worker.ts';
import { Cleanups, exitAtLatest, stopSignal } from '../platform/shutdown.ts';
import { StartupError } from '../platform/startup-error.ts';
import { configuredTarget } from '../platform/temporal-connection.ts';
import { serveWorkerStatus } from '../platform/worker-status.ts';
import { searchAttributes } from '../workflows/search-attributes.ts';
import { composeNode } from './compose.ts';

/** How long stopping may take beyond the drain. */
const stopGraceMs = 5_000;

/** Runs a stand-alone worker until a signal or a failure ends it. Throws `StartupError` that says what to do. */
export async function runStandAloneWorker(): Promise<void> {
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
    const { worker, failed } = await startWorker(config, log, cleanups);
    const failure = failed.then((reason) => new StartupError(`The worker cannot go on: ${reason}`));
    const reason = await Promise.race([signal, failure]);
    log.info({ reason: String(reason) }, 'Stopping');
    exitAtLatest(config.drainMs + stopGraceMs);
    await worker.stop(); // Requests to agents end, or are handed over; its status is served until then.
    if (reason instanceof Error) throw reason;
  } finally {
    await cleanups.run();
  }
}

interface StartedWorker {
  readonly worker: RunningWorker;
  /** Resolves with the reason if the worker cannot continue. */
  readonly failed: Promise<string>;
}

async function startWorker(config: Config, log: Log, cleanups: Cleanups): Promise<StartedWorker> {
  const temporal = await openTemporal(config, log, cleanups, Object.values(searchAttributes));
  const node = await composeNode(config, log, temporal, 'worker');
  const { asking, membership } = node;
  cleanups.add('sending the last spans', () => asking.tracing.close());
  const { health } = node.services.agents;
  cleanups.add('checks of answers', () => asking.expectations.close());
  cleanups.add('connections to agents', () => asking.transport.close());
  cleanups.add('connections to receivers of webhooks', () => node.closeWebhooks());
  await membership.join();
  cleanups.add('leaving the registry of nodes', () => membership.leave());
  await health.ensure();
  cleanups.add('sending the last outcomes', () => health.flush());
  const worker = await runWorker(() => node.createWorker({ graceMs: config.drainMs }));
  cleanups.add('worker', () => worker.stop());
  cleanups.add('watching the server', node.watchServer(worker));
  cleanups.add('watching the clock', node.watchClock());
  await node.enterVersions();
  cleanups.add('sending outcomes', node.startBackgroundLoops({ readers: false }));
  cleanups.add('telling sessions how their calls ended', () => node.untold.close());
  if (config.worker.port > 0) {
    cleanups.add('status', await serveWorkerStatus(config.worker.port, node.metrics, worker));
    node.listensOn(config.worker.port);
    await membership.listensAt(`http://127.0.0.1:${config.worker.port}`);
  }
  const { taskQueue, buildId } = config.worker;
  log.info({ taskQueue, buildId, temporal: temporal.address }, 'Worker is ready');
  return { worker, failed: Promise.race([worker.ended, membership.refused]) };
}
