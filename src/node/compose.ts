/**
 * Wires one process: the client layer, the activities with what they depend on, the sinks that lead back. Used by
 * the facade (src/node/server.ts) and by the stand-alone worker (worker.ts).
 */
import { Client } from '@temporalio/client';
import type { InjectedSinks, NativeConnection } from '@temporalio/worker';
import { CancelledFailure } from '@temporalio/common';
import { LRUCache } from 'lru-cache';
import { AgentRequests } from '../activities/agent-requests.ts';
import { createActivities } from '../activities/activities.ts';
import { FirstTries } from '../activities/first-try.ts';
import { Expectations } from '../agents/expectations/expectations.ts';
import { Probes } from '../agents/probes/probes.ts';
import { formatOf } from '../agents/formats/formats.ts';
import { createHttpTransport } from '../agents/http/http-transport.ts';
import { AdaptiveBound } from '../services/calls/adaptive-bound.ts';
import { Agents } from '../services/agents/agents.ts';
import { Archive } from '../services/archive/archive.ts';
import { FailedCalls } from '../services/archive/archive-failed.ts';
import { createBatchWork } from '../services/reruns/batch-work.ts';
import { watchBatch } from '../services/reruns/batch-watch.ts';
import { Batches } from '../services/reruns/batches.ts';
import { CallDeletions } from '../services/sessions/call-deletions.ts';
import { CallRecords } from '../services/calls/call-records.ts';
import { watchList } from '../services/calls/call-list-watch.ts';
import { watchCall } from '../services/call-events/call-watch.ts';
import { CallsInFlight } from '../services/calls/calls-in-flight.ts';
import { Calls } from '../services/calls/calls.ts';
import { EntityGate } from '../services/temporal/entity-updates.ts';
import { forgetEnded } from '../services/calls/forget-ended.ts';
import { Health } from '../services/agents/health.ts';
import { Nodes } from '../services/nodes/nodes.ts';
import { sweepPayloads } from '../services/archive/payload-sweep.ts';
import { SessionDeletions } from '../services/sessions/session-deletions.ts';
import { SessionReads } from '../services/sessions/session-reads.ts';
import { Sessions } from '../services/sessions/sessions.ts';
import { SharedWatch } from '../lib/shared-watch.ts';
import type { Temporal } from '../services/temporal/rpc.ts';
import { createTurns } from '../services/sessions/turns.ts';
import { enterVersions } from './enter-versions.ts';
import { createMembership } from '../membership/membership.ts';
import { KeyedSemaphores } from '../lib/keyed-semaphores.ts';
import { Semaphore } from '../lib/semaphore.ts';
import { openPayloadStore } from '../payloads/open-store.ts';
import type { PayloadStore } from '../payloads/payload-store.ts';
import { TextStore } from '../payloads/text-store.ts';
import type { Config } from '../platform/config.ts';
import { every } from '../lib/every.ts';
import type { Log } from '../platform/logging.ts';
import { createMetrics } from '../platform/metrics.ts';
import { createSealer, loadEncryptionKey } from '../platform/sealing.ts';
import type { RunningWorker } from '../platform/running-worker.ts';
import { readServerTime, ServerClock } from '../platform/server-clock.ts';
import { ServerWatch } from '../platform/server-watch.ts';
import { StoreWatch } from '../platform/store-watch.ts';
import { createWorker } from '../platform/worker.ts';
import { dataConverter } from '../temporal-sdk/payloads.ts';
import { writeOwnCard } from '../membership/write-own-card.ts';
import type { Outcome } from '../domain/health.ts';
import { batchKey, callKey, callListKey } from '../domain/keys.ts';
import type { NodeCard } from '../domain/node-card.ts';
import type { CallSinks } from '../workflows/sinks.ts';

export type Node = Awaited<ReturnType<typeof composeNode>>;

/** How often outcomes are sent and other nodes' changes are read: a registration is seen within 2 s everywhere. */
const syncIntervalMs = 1_000;
/** From an outage this long on a worker's polls may be further apart than a new worker takes to start. */
const renewWorkerAfterMs = 4_000;
const sweepIntervalMs = 6 * 3_600_000;
/** How often deletions of sessions that were cut off are looked for, after once at the start. */
const deletionsIntervalMs = 60_000;
/** A start that takes 1.5 s is on its way to the 5 s after which its caller is refused (ADR 0018). */
const fewStarts = { least: 4, slowMs: 1_500 };

export async function composeNode(
  config: Config,
  log: Log,
  connection: NativeConnection,
  namespace: string,
  role: NodeCard['role'],
) {
  const temporal: Temporal = {
    client: new Client({ connection, namespace, dataConverter }),
    namespace,
    taskQueue: config.worker.taskQueue,
  };
  const sealer = createSealer(await loadEncryptionKey(config.encryptionKey, config.dataDir));
  const store = openPayloadStore(config.payloads.store, config.payloads.reserveBytes);
  const storeWatch = new StoreWatch(store, log);
  await storeWatch.first();
  const texts = new TextStore(store, config.payloads.inlineBytes, ({ key, message }) => {
    log.error({ key }, message);
  });
  const archive = openArchive(config, store, log);
  const gate = new EntityGate();
  const agents = new Agents(temporal, gate, config.directory);
  const clock = new ServerClock(() => readServerTime(connection, namespace));
  await clock.measure();
  const now = (): number => clock.now();
  const nodes = new Nodes(temporal, writeOwnCard(config, role, sealer, now()), now);
  const membership = createMembership(temporal, nodes, storeWatch, { force: config.join === 'force', log });
  const health = new Health(temporal, config.circuitBreaker, now);
  const reads = new SessionReads(temporal, texts, config.sessionCacheBytes);
  const server = new ServerWatch(connection);
  const agentRequests = new AgentRequests(() => server.availableMs(), now);
  const transport = createHttpTransport(config.transport, formatOf);
  const expectations = new Expectations(config.expectations);
  const asking = {
    transport,
    openToken: (sealed: string, agentName: string) => sealer.open(sealed, agentName),
    agentRequests,
    slots: new KeyedSemaphores(),
    now,
    expectations,
    texts,
  };
  const firstTries = new FirstTries(asking);
  const calls = new Calls(temporal, texts, (callId) => firstTries.cancel(callId));
  const records = new CallRecords(temporal, calls, texts);
  const forgetAnswers = (callId: string) => agentRequests.forget(callId);
  const callDeletions = new CallDeletions(temporal, texts, forgetAnswers, archive, config.deletePatienceMs);
  const deletions = new SessionDeletions(temporal, texts, callDeletions);
  const sessions = new Sessions(temporal, gate, config.session, texts, reads, deletions);
  const callWatch = new SharedWatch(watchCall(temporal), callKey);
  const listWatch = new SharedWatch(watchList(records), callListKey);
  const batches = new Batches(temporal, texts);
  const batchWatch = new SharedWatch(watchBatch(batches), batchKey);
  const inFlight = new CallsInFlight();
  const starts = new Semaphore(new AdaptiveBound({ ...fewStarts, most: config.limits.maxStarts }));
  const probed = {
    of: (agent: string) => health.of(agent),
    record: (outcome: Outcome) => health.record({ ...outcome, at: now() }),
  };
  const probes = new Probes(transport, probed, config.probeTimeoutMs);
  const metrics = createMetrics({
    callsInFlight: () => inFlight.size,
    startsWaiting: () => starts.waiting,
    asksInFlight: () => agentRequests.size,
    watches: () => callWatch.size + listWatch.size + batchWatch.size,
    clockSkewMs: () => clock.skewMs(),
  });
  const activities = createActivities({
    ...asking,
    firstTries,
    turns: createTurns(temporal, gate, texts),
    batches: createBatchWork(
      {
        temporal,
        agents,
        health,
        sessions,
        calls,
        records,
        inFlight,
        starts,
        texts,
        sealer,
        limits: config.limits,
      },
      config.limits.maxBatchCalls,
    ),
  });
  const sinks = createSinks({ health, inFlight, agentRequests, metrics, clock });
  return {
    temporal,
    clock,
    nodes,
    membership,
    sealer,
    agents,
    health,
    sessions,
    calls,
    records,
    callWatch,
    listWatch,
    batches,
    batchWatch,
    inFlight,
    starts,
    agentRequests,
    transport,
    expectations,
    probes,
    texts,
    storeWatch,
    archive,
    metrics,
    createWorker: ({ graceMs }: { graceMs: number }) =>
      createWorker(connection, activities, sinks, {
        namespace,
        taskQueue: config.worker.taskQueue,
        maxCachedWorkflows: config.worker.maxCachedWorkflows,
        maxActivities: config.limits.maxCallsInFlight,
        callStacks: config.worker.callStacks,
        graceMs,
        buildId: config.worker.buildId,
      }),
    /** Once its worker polls: whether new calls go to workers of its version. Throws `StartupError`. */
    enterVersions: () => enterVersions(temporal, config.worker.buildId, log),
    /** Returns how to stop. */
    watchClock: (): (() => Promise<void>) => clock.watch(log),
    /** Begins anew, once a server that was away is back, what the SDK would repeat only seconds later. */
    watchServer: (worker: RunningWorker | undefined) =>
      server.start((awayMs) => {
        log.warn({ awayMs }, 'Temporal answers again');
        calls.retryOpenRpcs();
        membership.renewNow();
        if (awayMs < renewWorkerAfterMs || !worker) return;
        agentRequests.handOver();
        worker.renew().then(
          (fault) => {
            if (fault !== undefined) log.warn({ err: fault }, 'The worker before did not end in good order');
          },
          (error: unknown) => log.error({ err: error }, 'The worker could not be renewed'),
        );
      }),
    /** Sends outcomes from now on; `readers` (the facade) keep up with agents and health too. Returns how to stop. */
    startSync: ({ readers }: { readers: boolean }): (() => Promise<void>) => {
      const told = (what: string) => (error: unknown) => {
        log.warn({ err: error }, `${what} failed; it is tried again`);
      };
      const stopping = new AbortController();
      const finishDeletions = (first: boolean) => deletions.finishAll(stopping.signal, { first });
      if (readers)
        finishDeletions(true).catch((error: unknown) => {
          if (!stopping.signal.aborted) told('Finishing deletions of sessions')(error);
        });
      const failedCalls = archive && new FailedCalls(temporal, archive);
      const stops = [
        every(syncIntervalMs, () => health.flush(), told('Sending outcomes')),
        membership.start(),
        ...(readers
          ? [
              every(syncIntervalMs, () => agents.refresh(), told('Reading the agent directory')),
              every(syncIntervalMs, () => health.refresh(), told("Reading the agents' health")),
              every(
                syncIntervalMs,
                () => forgetEnded(temporal, inFlight),
                told('Looking for calls that ended elsewhere'),
              ),
              every(
                deletionsIntervalMs,
                () => finishDeletions(false),
                told('Finishing deletions of sessions'),
              ),
              every(
                sweepIntervalMs,
                () => sweepPayloads(temporal, texts, Date.now(), archive),
                told('Sweeping payloads'),
              ),
            ]
          : []),
        ...(readers && failedCalls
          ? [
              every(
                config.archiveIntervalMs,
                () => failedCalls.archiveNew(stopping.signal),
                told('Archiving failed calls'),
              ),
            ]
          : []),
      ];
      return async () => {
        stopping.abort();
        await Promise.all(stops.map((stop) => stop()));
      };
    },
  };
}

function openArchive({ archive }: Config, payloads: PayloadStore, log: Log): Archive | undefined {
  const tellDamaged = (key: string): void => {
    log.error({ key }, 'A file of the archive of failed calls is damaged; it is left out');
  };
  switch (archive.kind) {
    case 'off':
      return undefined;
    case 'payload-store':
      return new Archive(payloads, 'archive/', tellDamaged);
    case 'folder':
      return new Archive(openPayloadStore(archive), '', tellDamaged);
  }
}

function createSinks({
  health,
  inFlight,
  agentRequests,
  metrics,
  clock,
}: Pick<Node, 'health' | 'inFlight' | 'agentRequests' | 'metrics' | 'clock'>): InjectedSinks<CallSinks> {
  // A workflow task that is tried again tells its sinks again.
  const counted = new LRUCache<string, true>({ max: 20_000 });
  return {
    calls: {
      abort: {
        fn: (_info, callId) => {
          agentRequests.abort(callId, new CancelledFailure('The call was cancelled'));
        },
      },
      outcome: {
        fn: (_info, outcome) => {
          if (!health.record({ ...outcome, at: clock.now() })) return;
          metrics.attempts.inc({ agent: outcome.agent, outcome: outcome.errorType ?? 'answered' });
        },
      },
      ended: {
        fn: (_info, { callId, agent, ending, startedAt }) => {
          inFlight.done(callId);
          health.release(callId);
          if (counted.has(callKey(callId))) return;
          counted.set(callKey(callId), true);
          metrics.calls.inc({ agent, outcome: ending });
          metrics.callDuration.observe({ outcome: ending }, Math.max(0, clock.now() - startedAt) / 1_000);
        },
      },
    },
  };
}
