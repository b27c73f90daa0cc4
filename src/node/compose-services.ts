/** Wires the services of one process, room by room (src/services/services.ts). */
import type { CallFields } from '../domain/call-fields.ts';
import { batchKey, callKey, callListKey } from '../domain/cache-keys.ts';
import type { SessionLimits } from '../domain/session.ts';
import { SharedWatch } from '../lib/shared-watch.ts';
import { Semaphore } from '../lib/semaphore.ts';
import type { Config } from '../platform/config.ts';
import type { Log } from '../platform/logging.ts';
import type { Sealer } from '../platform/sealing.ts';
import type { Agents } from '../services/agents/agents.ts';
import { Alerts } from '../services/alerts/alerts.ts';
import { Health } from '../services/agents/health.ts';
import { countCalls, exportCalls } from '../services/archive/call-export.ts';
import { watchCall } from '../services/call-events/call-watch.ts';
import { CallIndex } from '../services/call-index/call-index.ts';
import { CallTexts } from '../services/call-index/call-texts.ts';
import { FindCalls } from '../services/call-index/find-calls.ts';
import { AdaptiveBound } from '../services/calls/adaptive-bound.ts';
import { watchList } from '../services/call-index/call-list-watch.ts';
import { CallRecords } from '../services/calls/call-records.ts';
import { CallsInFlight } from '../services/calls/calls-in-flight.ts';
import { Calls } from '../services/calls/calls.ts';
import { startAndAwait } from '../services/calls/start-and-await.ts';
import { Waiters } from '../services/calls/waiters.ts';
import { Figures } from '../services/figures/figures.ts';
import { Usage } from '../services/keys/usage.ts';
import { Access } from '../services/keys/access.ts';
import type { Nodes } from '../services/nodes/nodes.ts';
import { dryRun } from '../services/reruns/batch-list.ts';
import { watchBatch } from '../services/reruns/batch-watch.ts';
import { Batches } from '../services/reruns/batches.ts';
import { rerunCall, type RerunDependencies } from '../services/reruns/reruns.ts';
import { whatIfOf, whatIfOfAll } from '../services/reruns/what-if.ts';
import type { CallServices, RerunServices, Services } from '../services/services.ts';
import { CallDeletions } from '../services/sessions/call-deletions.ts';
import { SessionDeletions } from '../services/sessions/session-deletions.ts';
import { SessionEndings } from '../services/sessions/session-endings.ts';
import { SessionReads } from '../services/sessions/session-reads.ts';
import { UntoldEndings } from '../services/sessions/untold-endings.ts';
import { Sessions } from '../services/sessions/sessions.ts';
import type { EntityUpdateLimit } from '../services/temporal/entity-updates.ts';
import { describePolling } from '../services/temporal/readiness.ts';
import type { Temporal } from '../services/temporal/rpc.ts';
import type { Asking } from './compose-asking.ts';
import { composeWebhooks, type ComposedWebhooks } from './compose-webhooks.ts';
import type { Payloads } from './open-payloads.ts';

/** What the services are made of. */
export interface ServiceParts {
  readonly temporal: Temporal;
  readonly sealer: Sealer;
  readonly payloads: Payloads;
  readonly asking: Asking;
  readonly agents: Agents;
  readonly updateLimit: EntityUpdateLimit;
  readonly nodes: Nodes;
  /** The ports of this machine on which Holdfast and the embedded server listen. */
  readonly ownPorts: () => readonly number[];
  readonly temporalAddress: string;
  /** How long Temporal keeps ended workflows, in ms. Undefined if that is not known. */
  readonly retentionMs: number | undefined;
}

/** The services, and the parts of them that other wiring needs. */
export interface ComposedServices {
  readonly services: Services;
  /** Dependencies of submitting a call and of running one again. */
  readonly rerunning: RerunDependencies;
  readonly deletions: SessionDeletions;
  readonly untold: UntoldEndings;
  readonly updateLimit: EntityUpdateLimit;
  readonly waiters: Waiters;
  readonly webhooks: ComposedWebhooks;
}

/** The retention that is assumed where the namespace does not say it. */
const unknownRetentionMs = 30 * 86_400_000;
/** How many calls are started at once when the node begins. A start of 1.5 s counts as slow: at 5 s it fails (ADR 0018). */
const fewStarts = { least: 4, slowMs: 1_500 };

export function composeServices(config: Config, log: Log, parts: ServiceParts): ComposedServices {
  const { temporal, sealer, nodes, asking, agents, updateLimit } = parts;
  const { texts, archive } = parts.payloads;
  const deletions = composeDeletions(config, parts);
  const onCancelled = (callId: string) => asking.firstTries.cancel(callId);
  const calls = new Calls(temporal, texts, onCancelled);
  const turns = { temporal, updateLimit, texts };
  const untold = new UntoldEndings(turns, (callId, signal) => calls.end(callId, signal));
  const endings = new SessionEndings(turns, untold, onCancelled);
  const reads = new SessionReads(temporal, texts, config.sessionCacheBytes, endings);
  const rerunning: RerunDependencies = {
    temporal,
    agents,
    health: new Health(temporal, config.circuitBreaker, asking.now),
    sessions: new Sessions(temporal, updateLimit, limitsOf(config, parts), texts, reads, deletions, {
      endings,
      untold,
    }),
    calls,
    records: new CallRecords(temporal, calls, texts),
    inFlight: new CallsInFlight(),
    tracing: asking.tracing,
    starts: new Semaphore(new AdaptiveBound({ ...fewStarts, most: config.limits.maxStarts })),
    limits: config.limits,
    texts,
    sealer,
  };
  const { health, sessions } = rerunning;
  const waiters = new Waiters(config.limits.disconnectGraceMs, (call) => cancelAbandoned(calls, call, log));
  const access = new Access(temporal, updateLimit, config.keys.limits, longestKeptMs(config, parts));
  const webhooks = composeWebhooks(config, { ...parts, updateLimit, now: asking.now });
  const services: Services = {
    calls: callServices(config, parts, rerunning, waiters),
    sessions,
    agents: { directory: agents, health },
    reruns: rerunServices(rerunning, config.limits.maxBatchCalls),
    archive: {
      failedCalls: archive,
      countCalls: (filter) => countCalls(temporal, filter),
      exportCalls: (filter) => exportCalls(temporal, filter),
    },
    figures: new Figures(parts.payloads.figures),
    alerts: new Alerts(temporal, updateLimit),
    webhooks: webhooks.webhooks,
    callbacks: webhooks.callbacks,
    usage: new Usage(temporal, {
      facades: () => facadesOf(nodes),
      hasLimits: () => access.hasLimits,
      now: asking.now,
    }),
    access,
    nodes,
    temporal: { describePolling: () => describePolling(temporal, asking.now()) },
  };
  return { services, rerunning, deletions, untold, updateLimit, waiters, webhooks };
}

/** Returns how many facades run. This process is one of them. */
function facadesOf(nodes: Nodes): number {
  return Math.max(1, nodes.list().filter(({ role }) => role !== 'worker').length);
}

/** How long, at most, Temporal still knows a call that runs now. */
function longestKeptMs({ limits }: Config, { retentionMs = unknownRetentionMs }: ServiceParts): number {
  return limits.maxDeadlineMs + retentionMs;
}

/** The limits of new sessions. A session must look at the holder of its turn well before Temporal would remove that call. */
function limitsOf({ session }: Config, { retentionMs = Infinity }: ServiceParts): SessionLimits {
  return { ...session, lookEveryMs: Math.min(session.lookEveryMs, retentionMs / 4) };
}

function composeDeletions({ deletePatienceMs }: Config, parts: ServiceParts): SessionDeletions {
  const { temporal, asking, payloads } = parts;
  const { texts, archive } = payloads;
  const forgetAnswers = (callId: string) => asking.agentRequests.forget(callId);
  const calls = new CallDeletions(temporal, texts, forgetAnswers, archive, deletePatienceMs);
  return new SessionDeletions(temporal, texts, calls);
}

function callServices(
  { callIndexCalls: maxCalls, promptCacheBytes }: Config,
  { payloads, retentionMs, asking: { now } }: ServiceParts,
  dependencies: RerunDependencies,
  waiters: Waiters,
): CallServices {
  const { temporal, calls, records, texts } = dependencies;
  const find = new FindCalls({
    temporal,
    records,
    index: new CallIndex({ log: payloads.endings, maxCalls, retentionMs, now }),
    texts: new CallTexts(records, texts, promptCacheBytes),
    now,
  });
  const awaiting = { ...dependencies, waiters };
  return {
    startAndAwait: (call, wish) => startAndAwait(awaiting, call, wish),
    running: calls,
    records,
    find,
    events: new SharedWatch(watchCall(temporal), callKey),
    lists: new SharedWatch(watchList(find), callListKey),
  };
}

function rerunServices(dependencies: RerunDependencies, maxBatchCalls: number): RerunServices {
  const batches = new Batches(dependencies.temporal, dependencies.texts);
  return {
    rerunCall: (callId, overrides, given, sender) =>
      rerunCall(dependencies, callId, overrides, given, sender),
    dryRun: (batch) => dryRun(dependencies, batch, maxBatchCalls),
    whatIfOf: (callId) => whatIfOf(dependencies, callId),
    whatIfOfAll: (filter, limit) => whatIfOfAll(dependencies, filter, limit),
    batches,
    events: new SharedWatch(watchBatch(batches), batchKey),
  };
}

async function cancelAbandoned(calls: Calls, call: CallFields, log: Log): Promise<void> {
  try {
    await calls.cancel(call.callId);
    log.info(call, 'The last client that waited for the call disconnected: the call is cancelled');
  } catch (error) {
    log.warn(
      { ...call, err: error },
      'The last client that waited for the call disconnected, but the call could not be cancelled: it goes on until it ends or is cancelled (POST /api/vps/calls/{id}/cancel)',
    );
  }
}
