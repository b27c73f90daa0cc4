/**
 * Starts one node: Temporal (embedded unless the environment names a server), the services, a worker in the same process
 * unless it is disabled, and the HTTP API. Stopping ends them in reverse order.
 */
import { probeAgents } from '../agents/probes/prober.ts';
import { countRunningCalls } from '../services/calls/count-running-calls.ts';
import { composeNode, type Node } from './compose.ts';
import { allProjects } from '../domain/project.ts';
import { Refusal } from '../domain/failures.ts';
import { StartupError } from '../platform/startup-error.ts';
import { AccessDirectoryEnded, type Access } from '../services/keys/access.ts';
import { delay } from '../lib/delay.ts';
import type { Config } from '../platform/config.ts';
import { every } from '../lib/every.ts';
import type { Log } from '../platform/logging.ts';
import { openTemporal } from '../platform/open-temporal.ts';
import { Cleanups } from '../platform/shutdown.ts';
import { runWorker } from '../platform/running-worker.ts';
import { searchAttributes } from '../workflows/search-attributes.ts';
import { drainNode } from './drain-node.ts';
import { earlierCallerOf } from '../api/http/auth.ts';
import { Drain } from '../api/http/drain.ts';
import { serveApi } from './serve-api.ts';

/** A node that has started. */
export interface RunningNode {
  readonly url: string;
  /** URL of the Web UI. Undefined unless the server is embedded. */
  readonly webUiUrl: string | undefined;
  /** The address at which Temporal listens. */
  readonly temporalAddress: string;
  /** Resolves with the reason if the node cannot continue. */
  readonly failed: Promise<string>;
  /** Drains the node, then stops everything. */
  stop(): Promise<void>;
}

/** How long the worker may continue those requests to agents that began at the end of the drain, by a retry or a failover. */
const workerGraceMs = 1_500;
/** How long a node tries to read agents and their health from its own worker before it continues without them. */
const firstReadMs = 20_000;
/**
 * How long to wait between the counts of running calls, because visibility may lag: a call that was started just before a crash
 * may be listed only seconds later.
 */
const listLagMs = 2_000;
const maxLaterCounts = 3;

/** Starts a node. Throws `StartupError` that says what to do, after it has stopped everything that was started. */
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
  for (const warning of config.warnings) log.warn(warning);
  const temporal = await openTemporal(config, log, cleanups, Object.values(searchAttributes));
  const role = config.worker.embedded ? 'facade_and_worker' : 'facade';
  const node = await composeNode(config, log, temporal, role);
  const { asking } = node;
  cleanups.add('sending the last spans', () => asking.tracing.close());
  const { directory: agents, health } = node.services.agents;
  cleanups.add('checks of answers', () => asking.expectations.close());
  cleanups.add('connections to agents', () => asking.transport.close());
  cleanups.add('connections to receivers of webhooks', () => node.closeWebhooks());
  await node.membership.join();
  cleanups.add('leaving the registry of nodes', () => node.membership.leave());
  const { access } = node.services;
  await ensureAccess(access, config); // Before the agents: it looks whether they were here first.
  await Promise.all([agents.ensure(), health.ensure(), node.services.usage.ensure(), node.ensureFeed()]);

  cleanups.add('sending the last outcomes', () => health.flush());
  const worker = config.worker.embedded
    ? await runWorker(() => node.createWorker({ graceMs: workerGraceMs }))
    : undefined;
  if (worker) cleanups.add('worker', () => worker.stop());
  cleanups.add('watching the server', node.watchServer(worker));
  cleanups.add('watching the clock', node.watchClock());
  const worksHere = worker !== undefined && (await node.enterVersions());
  cleanups.add('keeping in step with other nodes', node.startBackgroundLoops({ readers: true }));
  cleanups.add('probes', startProbes(node, config, log));
  // A facade without a worker may be the first process of the cluster, so it does not wait for a worker.
  await readEntities(node, worksHere ? firstReadMs : 0, log);
  if (temporal.embedded)
    cleanups.add(
      'counting calls from before the start',
      await countEarlierCalls(node, config.limits.maxDeadlineMs, log),
    );

  // Both need a worker, so they come before the worker's stop.
  cleanups.add('reporting what keys have used', () => node.services.usage.flush());
  cleanups.add('telling sessions how their calls ended', () => node.untold.close());
  const drain = new Drain();
  const url = await serveApi(config, log, { node, temporal, worker, drain, cleanups });
  return {
    url,
    webUiUrl: temporal.webUiUrl,
    temporalAddress: temporal.address,
    failed: Promise.race([temporal.lost, node.membership.refused, ...(worker ? [worker.ended] : [])]),
    stop: async () => {
      await drainNode(drain, asking.agentRequests, config.drainMs);
      await cleanups.run();
    },
  };
}

/** A directory that somebody has ended is begun anew only by a node that is closed without it, and only if it is told to. */
async function ensureAccess(access: Access, { join, apiKeys, oidc }: Config): Promise<void> {
  try {
    await access.ensure({
      anew: join === 'force' && (apiKeys.length > 0 || oidc !== undefined),
      callers: apiKeys.map(earlierCallerOf),
    });
  } catch (error) {
    if (!(error instanceof AccessDirectoryEnded)) throw error;
    throw new StartupError(
      `${error.message}, so no key would be valid, and a node without HOLDFAST_API_KEYS or HOLDFAST_OIDC_ISSUER would need none: set one of these and HOLDFAST_JOIN=force once to begin with no other keys`,
      { cause: error },
    );
  }
}

/**
 * Reads the agent directory, the agents' health and the API keys for the first time. Retries while no worker answers, which
 * can take a while after a crash, because Temporal still holds tasks for the dead worker. After `patienceMs` logs a warning
 * and continues without them.
 */
async function readEntities({ services }: Node, patienceMs: number, log: Log): Promise<void> {
  const { directory, health } = services.agents;
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    try {
      await Promise.all([directory.refresh(), health.refresh(), services.access.refresh()]);
      await services.usage.sync(); // What was used before a restart counts.
      return;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (Date.now() >= giveUpAt) {
        log.warn('No worker answers yet; calls wait for one');
        return;
      }
      await delay(100);
    }
  }
}

/**
 * Counts the calls that were started before this start and still run, so that the node keeps to its limits after a crash.
 * Counts once now and three times later, because visibility lags. Returns a function that stops the counting.
 */
async function countEarlierCalls(
  { services, inFlight }: Node,
  maxDeadlineMs: number,
  log: Log,
): Promise<() => Promise<void>> {
  const earlier = { startedAt: new Date(), maxDeadlineMs };
  const { records } = services.calls;
  const countAgain = () => countRunningCalls({ records, inFlight }, earlier);
  const warn = (error: unknown): void => {
    log.warn({ err: error }, 'Counting the calls that still run failed; it will be retried');
  };
  await countAgain().catch(warn);
  let laterCounts = 0;
  const stop = every(
    listLagMs,
    async () => {
      await countAgain();
      laterCounts += 1;
      if (laterCounts === maxLaterCounts) void stop();
    },
    warn,
  );
  return stop;
}

function startProbes({ asking, services }: Node, config: Config, log: Log): () => Promise<void> {
  const { directory, health } = services.agents;
  return every(
    config.probeIntervalMs,
    () =>
      probeAgents(
        asking.transport,
        directory.list(allProjects),
        config.probeTimeoutMs,
        (outcome) => void health.record(outcome),
      ),
    (error) => {
      log.warn({ err: error }, 'Probing agents failed');
    },
  );
}
