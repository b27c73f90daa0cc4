/** Wires alerts: what evaluates those of the cluster, and what a facade reports of itself. */
import type { Config } from '../platform/config.ts';
import type { Log } from '../platform/logging.ts';
import { agentSource } from '../services/alerts/agent-source.ts';
import type { Alerts } from '../services/alerts/alerts.ts';
import { startClusterAlerts } from '../services/alerts/cluster-alerts.ts';
import { RateSource } from '../services/alerts/rate-source.ts';
import { retentionSource } from '../services/alerts/retention-source.ts';
import { webhookSource } from '../services/alerts/webhook-source.ts';
import type { Agents } from '../services/agents/agents.ts';
import type { Health } from '../services/agents/health.ts';
import { Figures } from '../services/figures/figures.ts';
import type { Nodes } from '../services/nodes/nodes.ts';
import type { Temporal } from '../services/temporal/rpc.ts';
import type { ComposedWebhooks } from './compose-webhooks.ts';
import type { Payloads } from './open-payloads.ts';

interface ClusterParts {
  readonly temporal: Temporal;
  readonly payloads: Payloads;
  readonly nodes: Nodes;
  readonly retentionMs: number | undefined;
  readonly now: () => number;
  readonly agents: Agents;
  readonly health: Health;
  readonly webhooks: Pick<ComposedWebhooks, 'directory'>;
  readonly alerts: Alerts;
}

/** What costs more is looked at only every so many rounds: counts of failed calls, and the files of the webhooks. */
const rounds = { retention: 40, webhooks: 4 };

/** Returns what starts the evaluator of the cluster's alerts, and what stops it then. */
export function clusterAlerts(
  { alerts: settings, endings: { keptMs } }: Config,
  log: Log,
  { temporal, payloads, nodes, retentionMs, now, agents, health, webhooks, alerts }: ClusterParts,
): (fence: number) => () => Promise<void> {
  const { archive, deliveries: files } = payloads;
  const sourcesOf = () => [
    agentSource({ agents, health, forMs: settings.forMs }),
    new RateSource({ figures: new Figures(payloads.figures), agents, limits: settings }),
    retentionSource({
      temporal,
      archive,
      retentionMs,
      lastPart: settings.retention,
      everyMs: rounds.retention * settings.checkMs,
    }),
    webhookSource({
      directory: webhooks.directory,
      files,
      keptMs,
      everyMs: rounds.webhooks * settings.checkMs,
    }),
  ];
  // Without sources, what earlier evaluators have reported is over.
  const sources = () => (settings.enabled ? sourcesOf() : []);
  const onFailed = (err: unknown): void =>
    log.warn({ err }, 'Looking for what alerts are about failed; it will be retried');
  const parts = { alerts, sources, nodes, intervalMs: settings.checkMs, now, onFailed };
  return (fence) => startClusterAlerts(parts, fence);
}
