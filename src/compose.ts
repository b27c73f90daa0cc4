/**
 * Wires one process: the client layer, the activities with what they depend on, the sinks that lead back. Used by
 * the facade (src/api/server.ts) and by the stand-alone worker (worker.ts).
 */
import { Client } from '@temporalio/client';
import type { InjectedSinks, NativeConnection } from '@temporalio/worker';
import { CancelledFailure } from '@temporalio/common';
import { LRUCache } from 'lru-cache';
import { AgentSlots } from './activities/agent-slots.ts';
import { Exchanges } from './activities/exchanges.ts';
import { createActivities } from './activities/activities.ts';
import { FirstTries } from './activities/first-try.ts';
import { Expectations } from './agents/expectations.ts';
import { Probes } from './agents/probes.ts';
import { createVpsTransport } from './agents/vps-transport.ts';
import { AdaptiveBound } from './client/adaptive-bound.ts';
import { Agents } from './client/agents.ts';
import { Archive } from './client/archive.ts';
import { FailedCalls } from './client/archive-failed.ts';
import { createBatchWork } from './client/batch-work.ts';
import { watchBatch } from './client/batch-watch.ts';
import { Batches } from './client/batches.ts';
import { CallDeletions } from './client/call-deletions.ts';
import { CallRecords } from './client/call-records.ts';
import { keyOfList, watchList } from './client/call-list-watch.ts';
import { watchCall } from './client/call-watch.ts';
import { CallsInFlight } from './client/calls-in-flight.ts';
import { Calls } from './client/calls.ts';
import { EndedCalls } from './client/ended-calls.ts';
import { EntityGate } from './client/entities.ts';
import { forgetEnded } from './client/forget-ended.ts';
import { Health } from './client/health.ts';
import { Line } from './client/line.ts';
import { Nodes } from './client/nodes.ts';
import { sweepPayloads } from './client/payload-sweep.ts';
import { SessionDeletions } from './client/session-deletions.ts';
import { SessionReads } from './client/session-reads.ts';
import { Sessions } from './client/sessions.ts';
import { SharedWatch } from './client/shared-watch.ts';
import type { Temporal } from './client/temporal.ts';
import { createTurns } from './client/turns.ts';
import { enterVersions } from './enter-versions.ts';
import { createMembership } from './membership/membership.ts';
import { refuseNewStore } from './membership/refuse-new-store.ts';
import { openPayloadStore, placeOf } from './payloads/open-store.ts';
import type { PayloadStore } from './payloads/payload-store.ts';
import { Texts } from './payloads/texts.ts';
import type { Config } from './platform/config.ts';
import { every } from './platform/every.ts';
import type { Log } from './platform/logging.ts';
import { createMetrics } from './platform/metrics.ts';
import { createSealer, loadEncryptionKey } from './platform/sealing.ts';
import type { RunningWorker } from './platform/running-worker.ts';
import { readServerTime, ServerClock } from './platform/server-clock.ts';
import { ServerWatch } from './platform/server-watch.ts';
import { StoreWatch } from './platform/store-watch.ts';
import { createWorker } from './platform/worker.ts';
import { writeOwnCard } from './membership/write-own-card.ts';
import type { Outcome } from './domain/health.ts';
import type { NodeCard } from './domain/node-card.ts';
import type { CallSinks } from './workflows/sinks.ts';

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
    client: new Client({ connection, namespace }),
    namespace,
    taskQueue: config.worker.taskQueue,
  };
  const sealer = createSealer(await loadEncryptionKey(config.encryptionKey, config.dataDir));
  const store = openPayloadStore(config.payloads.store, config.payloads.reserveBytes);
  const storeWatch = new StoreWatch(store, log);
  const texts = new Texts(store, config.payloads.inlineBytes, ({ key, message }) => {
    log.error({ key }, message);
  });
  const archive = openArchive(config, store, log);
  const gate = new EntityGate();
  const agents = new Agents(temporal, gate, config.directory);
  const clock = new ServerClock(() => readServerTime(connection, namespace));
  await clock.measure();
  const now = (): number => clock.now();
  const nodes = new Nodes(temporal, writeOwnCard(config, role, sealer, now()), now);
  if (config.join !== 'force') await refuseNewStore(temporal, nodes, config.payloads.store);
  await storeWatch.first();
  const joining = { force: config.join === 'force', storePlace: placeOf(config.payloads.store), log };
  const membership = createMembership(temporal, nodes, storeWatch, joining);
  const health = new Health(temporal, config.circuitBreaker, now);
  const reads = new SessionReads(temporal, texts, config.sessionCacheBytes);
  const server = new ServerWatch(connection);
  const exchanges = new Exchanges(() => server.thereMs(), now);
  const transport = createVpsTransport(config.transport);
  const expectations = new Expectations(config.expectations);
  const asking = {
    transport,
    openToken: (sealed: string, agentName: string) => sealer.open(sealed, agentName),
    exchanges,
    slots: new AgentSlots(),
    now,
    expectations,
    texts,
  };
  const firstTries = new FirstTries(asking);
  const calls = new Calls(temporal, texts, (callId) => firstTries.cancel(callId));
  const endedCalls = new EndedCalls(config.endedCalls, (callId) => exchanges.forget(callId));
  const records = new CallRecords(temporal, calls, texts);
  const callDeletions = new CallDeletions(temporal, texts, endedCalls, archive, config.deletePatienceMs);
  const deletions = new SessionDeletions(temporal, texts, callDeletions);
  const sessions = new Sessions(temporal, gate, config.session, texts, reads, deletions);
  const callWatch = new SharedWatch(watchCall(temporal), (callId) => callId);
  const listWatch = new SharedWatch(watchList(records), keyOfList);
  const batches = new Batches(temporal, texts);
  const batchWatch = new SharedWatch(watchBatch(batches), (batchId) => batchId);
  const inFlight = new CallsInFlight();
  const starts = new Line(new AdaptiveBound({ ...fewStarts, most: config.limits.maxStarts }));
  const probed = {
    of: (agent: string) => health.of(agent),
    record: (outcome: Outcome) => health.record({ ...outcome, at: now() }),
  };
  const probes = new Probes(transport, probed, config.probeTimeoutMs);
  const metrics = createMetrics({
    callsInFlight: () => inFlight.size,
    startsWaiting: () => starts.length,
    asksInFlight: () => exchanges.size,
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
  const sinks = createSinks({ health, inFlight, exchanges, metrics, clock });
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
    endedCalls,
    records,
    callWatch,
    listWatch,
    batches,
    batchWatch,
    inFlight,
    starts,
    exchanges,
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
        calls.askAnew();
        membership.renewNow();
        if (awayMs < renewWorkerAfterMs || !worker) return;
        exchanges.handOver();
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
  exchanges,
  metrics,
  clock,
}: Pick<Node, 'health' | 'inFlight' | 'exchanges' | 'metrics' | 'clock'>): InjectedSinks<CallSinks> {
  // A workflow task that is tried again tells its sinks again.
  const counted = new LRUCache<string, true>({ max: 20_000 });
  return {
    calls: {
      abort: {
        fn: (_info, callId) => {
          exchanges.abort(callId, new CancelledFailure('The call was cancelled'));
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
          if (counted.has(callId)) return;
          counted.set(callId, true);
          metrics.calls.inc({ agent, outcome: ending });
          metrics.callDuration.observe({ outcome: ending }, Math.max(0, clock.now() - startedAt) / 1_000);
        },
      },
    },
  };
}
