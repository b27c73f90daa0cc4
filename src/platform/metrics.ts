/** The Prometheus metrics of one process: those of metric-table.ts, of Node.js, and of the Temporal SDK. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry, type LabelValues } from 'prom-client';
import { alertConditionNames, type AlertCondition } from '../domain/alert.ts';
import { healthStatuses, type HealthStatus } from '../domain/health.ts';
import { deliveryOutcomes } from '../domain/webhook.ts';
import { AgentLabels, otherAgents, type KnownAgents } from './agent-labels.ts';
import { metricTable, rejectionReasons, type MetricName } from './metric-table.ts';
import { temporalMetrics } from './temporal-metrics.ts';

export type Metrics = ReturnType<typeof createMetrics>;

/** Returns the current values of the gauges. Scraping reads only what this process has in memory. */
export interface Load {
  readonly callsInFlight: () => number;
  readonly startsWaiting: () => number;
  readonly asksInFlight: () => number;
  readonly turnsQueued: () => number;
  readonly watches: () => number;
  readonly clockSkewMs: () => number;
  /** The requests that are at agents, by agent. Absent in a process that asks none. */
  readonly sentByAgent?: (() => ReadonlyMap<string, number>) | undefined;
  /** The states of agents. Absent in a process that does not read the health that others report. */
  readonly stateOf?: ((agent: string) => AgentState) | undefined;
  /** The conditions of the alerts that are active; each as often as there are. Absent in a process that does not know them. */
  readonly activeAlerts?: (() => readonly AlertCondition[]) | undefined;
  readonly agents: KnownAgents & { readonly names: () => readonly string[] };
}

export interface AgentState {
  readonly status: HealthStatus;
  readonly circuitOpen: boolean;
  readonly paused: boolean;
}

const durationBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600];
const overheadBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];
const callOutcomes = ['answered', 'failed', 'cancelled'];
const httpBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 10, 60, 600];

/** Creates a new registry with all metrics. */
export function createMetrics(load: Load) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const { counter, gauge, histogram } = makers(registry);
  gaugesOf(load, gauge);
  const setStates = stateGauges(load, gauge);
  const agentLabels = new AgentLabels(load.agents);
  const byAgent = {
    calls: counter('holdfast_calls_total'),
    attempts: counter('holdfast_attempts_total'),
    fallbacks: counter('holdfast_fallbacks_total'),
  };
  const rejected = counter('holdfast_admission_rejected_total');
  for (const reason of Object.keys(rejectionReasons)) rejected.inc({ reason }, 0);
  const callDuration = histogram('holdfast_call_duration_seconds', durationBuckets);
  // Series that begin with 0: Prometheus sees no increase in the first value of a series, and alerts are about these.
  for (const outcome of callOutcomes) callDuration.zero({ outcome });
  const webhookDeliveries = counter('holdfast_webhook_deliveries_total');
  for (const outcome of deliveryOutcomes) webhookDeliveries.inc({ outcome }, 0);
  let prunedAt = load.agents.revision;
  const prune = async (): Promise<void> => {
    if (load.agents.revision === prunedAt) return;
    prunedAt = load.agents.revision;
    for (const one of Object.values(byAgent)) await removeSeries(one, load.agents);
  };
  return {
    ...byAgent,
    agentLabels,
    rejected,
    webhookDeliveries,
    callDuration,
    callOverhead: histogram('holdfast_call_overhead_seconds', overheadBuckets),
    endingsLost: counter('holdfast_session_endings_lost_total'),
    httpDuration: histogram('http_server_request_duration_seconds', httpBuckets),
    /** Reads the agent directory by `read`. Series of agents that it no longer has go away. */
    async readDirectory(read: () => Promise<void>): Promise<void> {
      await agentLabels.settleAfter(read);
      await prune();
    },
    contentType: registry.contentType,
    /** Returns all metrics in the text exposition format. */
    async page(): Promise<string> {
      await prune();
      setStates();
      temporalMetrics.empty();
      return (await registry.metrics()) + (await temporalMetrics.registry.metrics());
    },
  };
}

type Collect = (gauge: Gauge) => void;
type MakeGauge = (name: MetricName, collect?: Collect) => Gauge;

/** Makers of metrics by their rows of the table. */
function makers(registry: Registry) {
  const options = (name: MetricName) => ({
    name,
    help: metricTable[name].help,
    labelNames: metricTable[name].labels as readonly string[],
    registers: [registry],
  });
  return {
    counter: (name: MetricName) => new Counter(options(name)),
    histogram: (name: MetricName, buckets: number[]) => new Histogram({ ...options(name), buckets }),
    gauge: (name: MetricName, collect?: Collect) =>
      new Gauge({
        ...options(name),
        ...(collect && {
          collect() {
            collect(this);
          },
        }),
      }),
  };
}

function gaugesOf(load: Load, gauge: MakeGauge): void {
  const { agents, sentByAgent, activeAlerts } = load;
  const value = (name: MetricName, read: () => number) => gauge(name, (one) => one.set(read()));
  value('holdfast_calls_in_flight', load.callsInFlight);
  value('holdfast_starts_waiting', load.startsWaiting);
  value('holdfast_asks_in_flight', load.asksInFlight);
  value('holdfast_turns_queued', load.turnsQueued);
  value('holdfast_watches', load.watches);
  value('holdfast_clock_skew_seconds', () => load.clockSkewMs() / 1_000);
  gauge('holdfast_alerts_active', (one) => {
    one.reset();
    if (!activeAlerts) return;
    for (const condition of alertConditionNames) one.set({ condition }, 0);
    for (const condition of activeAlerts()) one.inc({ condition });
  });
  gauge('holdfast_agent_in_flight', (one) => {
    one.reset();
    if (!sentByAgent) return;
    for (const agent of agents.names()) one.set({ agent }, 0);
    for (const [agent, count] of sentByAgent())
      one.inc({ agent: agents.isRegistered(agent) ? agent : otherAgents }, count);
  });
}

/** Makes the gauges of the agents' states. Returns what sets them all: a state is worked out once for a page. */
function stateGauges({ agents, stateOf }: Load, gauge: MakeGauge): () => void {
  const states = gauge('holdfast_agent_state');
  const circuits = gauge('holdfast_agent_circuit_open');
  const pauses = gauge('holdfast_agent_paused');
  return () => {
    states.reset();
    circuits.reset();
    pauses.reset();
    if (!stateOf) return;
    for (const agent of agents.names()) {
      const { status, circuitOpen, paused } = stateOf(agent);
      for (const state of healthStatuses) states.set({ agent, state }, state === status ? 1 : 0);
      circuits.set({ agent }, circuitOpen ? 1 : 0);
      pauses.set({ agent }, paused ? 1 : 0);
    }
  };
}

/** The labels whose values are agents. */
const agentLabelNames = ['agent', 'from', 'to'];

async function removeSeries(counter: Counter, directory: KnownAgents): Promise<void> {
  const isGone = (labels: LabelValues<string>): boolean =>
    agentLabelNames.some((name) => {
      const agent = labels[name];
      return typeof agent === 'string' && agent !== otherAgents && !directory.isRegistered(agent);
    });
  for (const { labels } of (await counter.get()).values) if (isGone(labels)) counter.remove(labels);
}
