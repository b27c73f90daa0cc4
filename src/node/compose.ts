/**
 * Wires one process: the services, the activities and their dependencies, the sinks of workflow code. Used by the
 * facade (start-node.ts) and by the stand-alone worker (start-worker.ts).
 */
import { Client } from '@temporalio/client';
import { createActivities } from '../activities/activities.ts';
import { Probes } from '../agents/probes/probes.ts';
import type { Outcome } from '../domain/health.ts';
import type { NodeCard } from '../domain/node-card.ts';
import { allProjects } from '../domain/project.ts';
import { createMembership, type Membership } from '../membership/membership.ts';
import { refuseNewStore } from '../membership/refuse-new-store.ts';
import { writeOwnCard } from '../membership/write-own-card.ts';
import { placeOf } from '../payloads/open-store.ts';
import type { Config } from '../platform/config.ts';
import type { Log } from '../platform/logging.ts';
import { createMetrics, type Metrics } from '../platform/metrics.ts';
import type { OpenTemporal } from '../platform/open-temporal.ts';
import type { RunningWorker, Worker } from '../platform/running-worker.ts';
import { openTracing } from '../platform/open-tracing.ts';
import { readRetentionMs } from '../platform/provision.ts';
import { createSealer, loadEncryptionKey, type Sealer } from '../platform/sealing.ts';
import { readServerTime, ServerClock } from '../platform/server-clock.ts';
import { ServerWatch } from '../platform/server-watch.ts';
import type { StoreWatch } from '../platform/store-watch.ts';
import { retryTimeWarning } from '../platform/webhook-settings.ts';
import { createWorker } from '../platform/worker.ts';
import { Agents } from '../services/agents/agents.ts';
import type { CallsInFlight } from '../services/calls/calls-in-flight.ts';
import type { Waiters } from '../services/calls/waiters.ts';
import { Nodes } from '../services/nodes/nodes.ts';
import { QueuedTurns } from '../services/calls/queued-turns.ts';
import { createBatchWork } from '../services/reruns/batch-work.ts';
import type { Services } from '../services/services.ts';
import type { FeedWork } from '../services/endings/feed-work.ts';
import { createTurns } from '../services/sessions/turn-activities.ts';
import type { UntoldEndings } from '../services/sessions/untold-endings.ts';
import { EntityUpdateLimit } from '../services/temporal/entity-updates.ts';
import type { Temporal } from '../services/temporal/rpc.ts';
import { dataConverter } from '../temporal-sdk/payloads.ts';
import { resumeAfterOutage } from './after-an-outage.ts';
import { startBackgroundLoops } from './background-loops.ts';
import { createCallSinks } from './call-sinks.ts';
import { clusterAlerts } from './compose-alerts.ts';
import { composeFeed, startFeed } from './compose-feed.ts';
import { composeAsking, type Asking } from './compose-asking.ts';
import { composeWebhookWork, type ComposedWebhooks, type WebhookWork } from './compose-webhooks.ts';
import { composeServices, type ComposedServices } from './compose-services.ts';
import { enterVersions } from './enter-versions.ts';
import { openPayloads } from './open-payloads.ts';

/** The parts of one process, wired together. */
export interface Node {
  /** The services that the API needs. */
  readonly services: Services;
  /** The clients that wait at this node for calls. */
  readonly waiters: Waiters;
  /** The endings of calls that their sessions have not been told. */
  readonly untold: UntoldEndings;
  /** The calls in flight that count as this node's load. */
  readonly inFlight: CallsInFlight;
  /** The parts that ask agents. */
  readonly asking: Asking;
  readonly probes: Probes;
  readonly membership: Membership;
  readonly sealer: Sealer;
  readonly clock: ServerClock;
  readonly storeWatch: StoreWatch;
  readonly metrics: Metrics;
  /** What alerts need to reach webhooks while nothing durable can run. */
  readonly webhooks: Pick<ComposedWebhooks, 'directory' | 'sender'>;
  /**
   * Creates a worker. `graceMs` is how long requests to agents may continue after the worker was stopped, before they are
   * handed over to another worker.
   */
  createWorker(options: { readonly graceMs: number }): Promise<Worker>;
  /** Call this once the worker polls. Resolves with whether new calls go to workers of its version. Throws `StartupError`. */
  enterVersions(): Promise<boolean>;
  /** Call this when the process listens on a port of this machine: no webhook may go there. */
  listensOn(port: number): void;
  /** Closes the connections to receivers of webhooks. */
  closeWebhooks: Stop;
  /** Starts the feed of endings unless it runs. */
  ensureFeed(): Promise<void>;
  watchClock(): Stop;
  /** Watches for outages of Temporal and resumes afterwards what they interrupted; this includes renewing `worker`. */
  watchServer(worker: RunningWorker | undefined): Stop;
  /**
   * Starts the periodic work. `readers` is true for a facade, which also reads agents and health that other nodes changed, and
   * cleans up.
   */
  startBackgroundLoops(options: { readonly readers: boolean }): Stop;
}

/** Stops what was started. Resolves when it has stopped. */
type Stop = () => Promise<void>;

/** Creates the parts of one process. Starts nothing in the background. Throws `StartupError`. */
export async function composeNode(
  config: Config,
  log: Log,
  {
    connection,
    namespace,
    address,
    ports,
  }: Pick<OpenTemporal, 'connection' | 'namespace' | 'address' | 'ports'>,
  role: NodeCard['role'],
): Promise<Node> {
  const { taskQueue } = config.worker;
  const client = new Client({ connection, namespace, dataConverter });
  const temporal: Temporal = { client, namespace, taskQueue };
  const sealer = createSealer(await loadEncryptionKey(config.encryptionKey, config.dataDir));
  const payloads = openPayloads(config, log);
  const { texts, storeWatch, archive, hints, figures } = payloads;
  const clock = new ServerClock(() => readServerTime(connection, namespace));
  await clock.measure();
  const now = (): number => clock.now();
  const nodes = new Nodes(temporal, writeOwnCard(config, role, sealer, now()), now);
  const force = config.join === 'force';
  // Before the first check, which would turn a folder that is not a store yet into one.
  if (!force) await refuseNewStore(temporal, nodes, config.payloads.store);
  await storeWatch.first();
  const storePlace = placeOf(config.payloads.store);
  const membership = createMembership(temporal, nodes, storeWatch, { force, storePlace, log });
  const server = new ServerWatch(connection);
  const tracing = await openTracing(config.traces, log, now);
  const updateLimit = new EntityUpdateLimit();
  const agents = new Agents(temporal, updateLimit, config.directory, now);
  const asking = composeAsking(config, sealer, texts, {
    now,
    pauses: agents,
    tracing,
    serverAvailableMs: () => server.availableMs(),
  });
  const retentionMs = await readRetentionMs(connection, namespace);
  const shortRetention = retryTimeWarning(config.webhooks.retryMs, retentionMs);
  if (shortRetention !== undefined) log.warn(shortRetention);
  const listening = new Set<number>();
  const parts = { temporal, sealer, payloads, asking, agents, updateLimit, nodes, retentionMs, now };
  const ownPorts = (): number[] => [...ports(), ...listening];
  const composed = composeServices(config, log, { ...parts, ownPorts, temporalAddress: address });
  const { rerunning, deletions } = composed;
  const queuedTurns = new QueuedTurns();
  const metrics = measureLoad(composed, asking, { clock, queuedTurns, role });
  const { alerts } = composed.services;
  const startAlerts = clusterAlerts(config, log, { ...parts, ...rerunning, ...composed, alerts });
  const feedParts = { temporal, payloads, sealer, now, webhooks: composed.webhooks, alerts, startAlerts };
  const feed = composeFeed(config, log, feedParts);
  const webhookWork = composeWebhookWork(config, { ...parts, ...rerunning }, composed.webhooks, metrics);
  const activities = composeActivities(config, composed, { asking, feed, webhookWork });
  const sinks = createCallSinks({ ...asking, ...rerunning, queuedTurns, hints, metrics, log, tracing });
  const { access, usage } = composed.services;
  const loops = {
    ...rerunning,
    metrics,
    access,
    usage,
    deletions,
    membership,
    archive,
    archiveIntervalMs: config.archiveIntervalMs,
    now,
    endings: payloads.endings,
    endingsKeptMs: config.endings.keptMs,
    hints,
    webhookDirectory: composed.webhooks.directory,
    deliveries: payloads.deliveries,
    figures,
    figuresDays: config.figuresDays,
  };
  const interrupted = { ...asking, ...rerunning, membership };
  return {
    services: composed.services,
    waiters: composed.waiters,
    untold: composed.untold,
    inFlight: rerunning.inFlight,
    asking,
    probes: composeProbes(config, composed, asking),
    membership,
    sealer,
    clock,
    storeWatch,
    metrics,
    webhooks: composed.webhooks,
    createWorker: async ({ graceMs }) =>
      handingOver(
        [feed, webhookWork],
        await createWorker(connection, activities, sinks, workerSettings(config, namespace, graceMs)),
      ),
    enterVersions: () => enterVersions(temporal, config.worker.buildId, log),
    ensureFeed: () => startFeed(temporal, archive),
    listensOn: (port) => listening.add(port),
    closeWebhooks: () => composed.webhooks.close(),
    watchClock: () => clock.watch(log),
    watchServer: (worker) =>
      server.start((awayMs) => resumeAfterOutage({ ...interrupted, worker }, awayMs, log)),
    startBackgroundLoops: (options) => startBackgroundLoops(loops, log, options),
  };
}

function composeActivities(
  config: Config,
  { rerunning, updateLimit }: ComposedServices,
  {
    asking,
    feed,
    webhookWork,
  }: { readonly asking: Asking; readonly feed: FeedWork; readonly webhookWork: WebhookWork },
) {
  const { temporal, texts } = rerunning;
  return createActivities({
    ...asking,
    maxWaiting: Math.ceil(config.limits.maxCallsInFlight / 2),
    turns: createTurns({ temporal, updateLimit, texts }),
    batches: createBatchWork(rerunning, config.limits.maxBatchCalls),
    feed: feed.activities,
    webhooks: webhookWork.activities,
  });
}

/** A worker that stops gives back at once, and not only after its grace time, what it does for the whole cluster. */
function handingOver(work: readonly { handOver(): void }[], worker: Worker): Worker {
  return {
    run: () => worker.run(),
    getState: () => worker.getState(),
    shutdown: () => {
      for (const one of work) one.handOver();
      worker.shutdown();
    },
  };
}

function composeProbes(config: Config, { services }: ComposedServices, { transport, now }: Asking): Probes {
  const { health } = services.agents;
  const probed = {
    of: (agent: string) => health.of(agent),
    record: (outcome: Outcome) => health.record({ ...outcome, at: now() }),
  };
  return new Probes(transport, probed, config.probeTimeoutMs);
}

interface Measured {
  readonly clock: ServerClock;
  readonly queuedTurns: QueuedTurns;
  readonly role: NodeCard['role'];
}

function measureLoad(
  { services, rerunning }: ComposedServices,
  { agentRequests }: Asking,
  { clock, queuedTurns, role }: Measured,
): Metrics {
  const { inFlight, starts, agents, health } = rerunning;
  const { calls, reruns } = services;
  return createMetrics({
    callsInFlight: () => inFlight.size,
    startsWaiting: () => starts.waiting,
    asksInFlight: () => agentRequests.size,
    turnsQueued: () => queuedTurns.size,
    watches: () => calls.events.size + calls.lists.size + reruns.events.size,
    clockSkewMs: () => clock.skewMs(),
    sentByAgent: role === 'facade' ? undefined : () => agentRequests.sentByAgent(),
    activeAlerts:
      role === 'worker' ? undefined : () => services.alerts.known.active.map(({ condition }) => condition),
    stateOf:
      role === 'worker'
        ? undefined
        : (agent) => ({ ...health.state(agent), paused: agents.pauseOf(agent) !== undefined }),
    agents: {
      isRegistered: (name) => agents.isRegistered(name),
      names: () => agents.list(allProjects).map(({ name }) => name),
      get revision() {
        return agents.revision;
      },
    },
  });
}

/** Places for activities that ask no agent: the reader of endings, deliveries, batches. Calls cannot take them all. */
const activitiesBesideCalls = 100;

function workerSettings({ worker, limits }: Config, namespace: string, graceMs: number) {
  return {
    namespace,
    taskQueue: worker.taskQueue,
    maxCachedWorkflows: worker.maxCachedWorkflows,
    maxActivities: limits.maxCallsInFlight + activitiesBesideCalls,
    callStacks: worker.callStacks,
    graceMs,
    buildId: worker.buildId,
  };
}
