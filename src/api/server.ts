/**
 * `npm start`: one node. Settings, Temporal (embedded unless the environment names a server), the client layer, a
 * worker in the same process, the facade; then it waits for its end and takes everything down in reverse order.
 */
import type { AddressInfo } from 'node:net';
import { probeAgents } from '../agents/prober.ts';
import { composeNode, type Node } from '../compose.ts';
import { loadConfig, type Config } from '../platform/config.ts';
import { every } from '../platform/every.ts';
import { createLog, type Log } from '../platform/logging.ts';
import { openTemporal } from '../platform/open-temporal.ts';
import { Cleanups, exitAtLatest, runMain, stopSignal } from '../platform/shutdown.ts';
import { runWorker } from '../platform/worker.ts';
import { version } from '../version.ts';
import { searchAttributes } from '../workflows/search-attributes.ts';
import { createApp } from './app.ts';
import { createAuthenticate } from './auth.ts';
import { drainNode } from './drain-node.ts';
import { Drain } from './drain.ts';
import { closeServer, listen } from './listen.ts';

/** What stopping may take beyond the drain. */
const stopGraceMs = 5_000;

await runMain(async () => {
  const config = loadConfig(process.env);
  const log = createLog(config.logLevel);
  const cleanups = new Cleanups(log);
  const signal = stopSignal();
  try {
    const temporal = await openTemporal(config, log, cleanups, Object.values(searchAttributes));
    const node = await composeNode(config, log, temporal.connection, temporal.namespace);
    cleanups.add('connections to agents', () => node.transport.close());
    await Promise.all([node.agents.ensure(), node.health.ensure()]);

    cleanups.add('sending the last outcomes', () => node.health.flush());
    const worker = config.worker.embedded ? runWorker(await node.createWorker()) : undefined;
    if (worker) cleanups.add('worker', () => worker.stop());
    cleanups.add('keeping in step with other nodes', node.startSync({ readers: true }));
    cleanups.add('probes', startProbes(node, config, log));
    await Promise.all([node.agents.refresh(), node.health.refresh()]);

    const drain = new Drain();
    const authenticate = createAuthenticate(config.apiKeys);
    const workerRunning = () => worker?.running();
    const app = createApp(
      { ...node, config, limits: config.limits, log, drain, authenticate, workerRunning },
      version,
    );
    const http = await listen(app, config.host, config.port);
    cleanups.add('HTTP', () => closeServer(http));
    announce(config.host, http.address() as AddressInfo, temporal.uiUrl);

    const reason = await Promise.race([signal, temporal.lost, ...(worker ? [worker.ended] : [])]);
    log.info({ reason }, 'Stopping');
    exitAtLatest(config.drainMs + stopGraceMs);
    await drainNode(drain, node.asksInFlight, config.drainMs);
  } finally {
    await cleanups.run();
  }
});

function startProbes(node: Node, config: Config, log: Log): () => Promise<void> {
  return every(
    config.probeIntervalMs,
    () => probeAgents(node.transport, node.agents.list(), (outcome) => node.health.record(outcome)),
    (error) => {
      log.warn({ err: error }, 'Probing agents failed');
    },
  );
}

function announce(host: string, { port }: AddressInfo, uiUrl: string | undefined): void {
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  console.error(`
  Holdfast ${version} is ready

    API     ${url}/api/vps/status
    Docs    ${url}/docs
    Web UI  ${uiUrl ?? 'that of your Temporal server'}
`);
}
