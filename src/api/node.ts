/**
 * One node: Temporal (embedded unless the environment names a server), the client layer, a worker in the same
 * process, the facade. Stopping takes everything down in reverse order.
 */
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { probeAgents } from '../agents/prober.ts';
import { takeUpRunning } from '../client/take-up-running.ts';
import { composeNode, type Node } from '../compose.ts';
import { Refusal } from '../domain/failures.ts';
import type { Config } from '../platform/config.ts';
import { DiskWatch } from '../platform/embedded/disk-watch.ts';
import { every } from '../platform/every.ts';
import type { Log } from '../platform/logging.ts';
import { openTemporal } from '../platform/open-temporal.ts';
import { Cleanups } from '../platform/shutdown.ts';
import { runWorker } from '../platform/running-worker.ts';
import { version } from '../version.ts';
import { searchAttributes } from '../workflows/search-attributes.ts';
import { createApp } from './app.ts';
import { createAuthenticate } from './auth.ts';
import { drainNode } from './drain-node.ts';
import { Drain } from './drain.ts';
import { closeServer, listen } from './listen.ts';
import { Streams } from './sse.ts';
import { Waiters } from './waiters.ts';

export interface RunningNode {
  readonly url: string;
  /** Of the embedded server. */
  readonly webUiUrl: string | undefined;
  /** Where Temporal listens. */
  readonly temporalAddress: string;
  /** Resolves with the reason when the node cannot go on. */
  readonly failed: Promise<string>;
  /** Drains, then takes everything down. */
  stop(): Promise<void>;
}

/** After the drain: for asks that a retry or a failover began as it ended. */
const workerGraceMs = 1_500;
/** How long a node waits for its own worker to tell it of agents and their health before it goes on without. */
const firstReadMs = 20_000;
/** After a crash the server may list a call that was started just before it only seconds later. */
const listLagMs = 2_000;
const maxLaterLooks = 3;

/** Throws `StartupError` with what to do; then nothing of it runs any more. */
export async function startNode(config: Config, log: Log): Promise<RunningNode> {
  const cleanups = new Cleanups(log);
  try {
    return await start(config, log, cleanups);
  } catch (error) {
    await cleanups.run();
    throw error;
  }
}

async function start(config: Config, log: Log, cleanups: Cleanups): Promise<RunningNode> {
  const temporal = await openTemporal(config, log, cleanups, Object.values(searchAttributes));
  const role = config.worker.embedded ? 'facade_and_worker' : 'facade';
  const node = await composeNode(config, log, temporal.connection, temporal.namespace, role);
  cleanups.add('checks of answers', () => node.expectations.close());
  cleanups.add('connections to agents', () => node.transport.close());
  await node.membership.join();
  cleanups.add('leaving the registry of nodes', () => node.membership.leave());
  await Promise.all([node.agents.ensure(), node.health.ensure()]);

  cleanups.add('sending the last outcomes', () => node.health.flush());
  const worker = config.worker.embedded
    ? await runWorker(() => node.createWorker({ graceMs: workerGraceMs }))
    : undefined;
  if (worker) cleanups.add('worker', () => worker.stop());
  cleanups.add('watching the server', node.watchServer(worker));
  cleanups.add('watching the clock', node.watchClock());
  const worksHere = worker !== undefined && (await node.enterVersions());
  cleanups.add('keeping in step with other nodes', node.startSync({ readers: true }));
  cleanups.add('probes', startProbes(node, config, log));
  // Where others do the work a facade may be the first to come: it reads once some worker is there.
  await getInStep(node, worksHere ? firstReadMs : 0, log);
  if (temporal.embedded)
    cleanups.add('counting calls of before', await countEarlierCalls(node, config.limits.maxDeadlineMs, log));

  const drain = new Drain();
  const authenticate = createAuthenticate(config);
  const workerRunning = () => worker?.running();
  const { limits } = config;
  const storeDisk = await watchStoreDisk(config, log, cleanups);
  const diskProblem = () => temporal.disk?.problem ?? storeDisk?.problem;
  const webUiUrl = config.temporal.uiUrl ?? temporal.webUiUrl;
  const streams = new Streams(limits.maxStreams, drain);
  const waiters = new Waiters(limits.disconnectGraceMs, (callId) => cancelAbandoned(node, callId, log));
  const app = createApp(
    {
      ...node,
      config,
      limits,
      log,
      drain,
      authenticate,
      workerRunning,
      webUiUrl,
      diskProblem,
      streams,
      waiters,
    },
    version,
  );
  const http = await listen(app, config.host, config.port, config.connections);
  cleanups.add('cancelling calls that nobody waits for', () => waiters.settle());
  cleanups.add('HTTP', () => closeServer(http));
  const url = urlOf(config.host, http.address() as AddressInfo);
  await node.membership.listensAt(reachable(url));
  return {
    url,
    webUiUrl: temporal.webUiUrl,
    temporalAddress: temporal.address,
    failed: Promise.race([temporal.lost, node.membership.refused, ...(worker ? [worker.ended] : [])]),
    stop: async () => {
      await drainNode(drain, node.exchanges, config.drainMs);
      await cleanups.run();
    },
  };
}

/** Beside a server elsewhere, too: no large text is stored without room. A folder that is away has its own refusal. */
async function watchStoreDisk(
  { payloads, temporal }: Config,
  log: Log,
  cleanups: Cleanups,
): Promise<DiskWatch | undefined> {
  const { store } = payloads;
  if (store.kind !== 'folder') return undefined;
  const disk = new DiskWatch(store.path, temporal.reserveBytes, log, 'payload store');
  await disk.look().catch(() => undefined);
  cleanups.add('watch of the disk of the payload store', disk.start());
  return disk;
}

/** After a crash the first read may wait for tasks that Temporal still keeps for the dead worker. */
async function getInStep(node: Node, patienceMs: number, log: Log): Promise<void> {
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    try {
      await Promise.all([node.agents.refresh(), node.health.refresh()]);
      return;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (Date.now() >= giveUpAt) {
        log.warn('No worker answers yet; calls wait for one');
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** So that a node takes no more than its limits after a crash either. Once before it listens, and later for what lagged. */
async function countEarlierCalls(node: Node, maxDeadlineMs: number, log: Log): Promise<() => Promise<void>> {
  const earlier = { startedAt: new Date(), maxDeadlineMs };
  const look = () => takeUpRunning(node, earlier);
  const told = (error: unknown): void => {
    log.warn({ err: error }, 'Counting the calls that still run failed; it is tried again');
  };
  await look().catch(told);
  let laterLooks = 0;
  const stop = every(
    listLagMs,
    async () => {
      await look();
      laterLooks += 1;
      if (laterLooks === maxLaterLooks) void stop();
    },
    told,
  );
  return stop;
}

function urlOf(host: string, { port }: AddressInfo): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** From elsewhere, where it listens on every address of its machine. */
function reachable(url: string): string {
  return url.replace(/\/\/(0\.0\.0\.0|\[::\])/, `//${hostname()}`);
}

async function cancelAbandoned({ calls }: Node, callId: string, log: Log): Promise<void> {
  try {
    await calls.cancel(callId);
    log.info({ callId }, 'The last client that waited for it went away: the call is cancelled');
  } catch (error) {
    log.warn({ callId, err: error }, 'Nobody waits for it any more, but the call could not be cancelled');
  }
}

function startProbes(node: Node, config: Config, log: Log): () => Promise<void> {
  return every(
    config.probeIntervalMs,
    () =>
      probeAgents(
        node.transport,
        node.agents.list(),
        config.probeTimeoutMs,
        (outcome) => void node.health.record(outcome),
      ),
    (error) => {
      log.warn({ err: error }, 'Probing agents failed');
    },
  );
}
