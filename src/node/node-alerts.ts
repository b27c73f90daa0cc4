/** What a facade reports of itself to the cluster's alerts, and what it sends by itself while nothing durable can run. */
import { isSilencedBy, type ReportedCondition } from '../domain/alert.ts';
import { diskCondition } from '../domain/alert-conditions.ts';
import { every } from '../lib/every.ts';
import type { Config } from '../platform/config.ts';
import type { Log } from '../platform/logging.ts';
import type { Metrics } from '../platform/metrics.ts';
import { DirectAlerts } from '../services/alerts/direct-alerts.ts';
import { OutageWatch } from '../services/alerts/outage-watch.ts';
import { refusedSource } from '../services/alerts/refused-source.ts';
import { reportOnce, type ConditionSource } from '../services/alerts/reporter.ts';
import type { Node } from './compose.ts';

interface NodeAlertParts {
  readonly node: Node;
  /** Whether this process's worker runs; undefined if the process has no worker. */
  readonly workerRunning: () => boolean | undefined;
  /** What is wrong with the disks of this node. */
  readonly diskProblem: () => string | undefined;
}

/** The reasons for refusals that say that the node or an agent has no room. The others have alerts of their own, or are a limit. */
const reasons = ['node', 'agent', 'starts', 'payload_store_unavailable'];

/** Refused calls count for so many times HOLDFAST_ALERT_FOR_SECONDS. */
const refusedTimes = 5;

/** Starts both. Returns a function that stops them. */
export function startNodeAlerts(config: Config, log: Log, parts: NodeAlertParts): () => Promise<void> {
  const { alerts: settings } = config;
  if (!settings.enabled) return () => Promise.resolve();
  const { node, workerRunning, diskProblem } = parts;
  const { services, clock, metrics, webhooks } = node;
  const now = (): number => clock.now();
  const direct = new DirectAlerts({
    ...webhooks,
    onFailed: (webhookId, err) => log.warn({ webhookId, err }, 'A webhook did not take a direct alert'),
  });
  const watch = new OutageWatch({
    describePolling: () => services.temporal.describePolling(),
    worksHere: (current) => workerRunning() === true && config.worker.buildId === current,
    forMs: settings.forMs,
    now,
    onFired: (alert) => {
      log.warn({ alert: alert.id }, alert.summary);
      const { silences } = services.alerts.known;
      if (!silences.some((silence) => isSilencedBy(silence, alert, now()))) void direct.send(alert);
    },
  });
  const onFailed = (err: unknown): void =>
    log.warn({ err }, "Looking for this node's alerts failed; it will be retried");
  const reported = {
    alerts: services.alerts,
    sources: [
      refusedSource({
        counts: () => refusedIn(metrics),
        atLeast: settings.atLeast,
        windowMs: refusedTimes * settings.forMs,
      }),
      diskSource(services.nodes.self.host, diskProblem),
    ],
    reporter: () => services.nodes.self.id,
    past: watch.past,
    now,
    onFailed,
  };
  const round = async (): Promise<void> => {
    const isWell = await watch.look();
    await direct.refresh().catch((error: unknown) => (isWell ? onFailed(error) : undefined));
    if (!isWell) return;
    await reportOnce(reported);
  };
  return every(settings.checkMs, round, onFailed);
}

function diskSource(host: string, problem: () => string | undefined): ConditionSource {
  return {
    conditions: ['disk_low'],
    read: (now): Promise<ReportedCondition[]> => {
      const one = diskCondition(host, problem(), now);
      return Promise.resolve(one ? [one] : []);
    },
  };
}

async function refusedIn({ rejected }: Pick<Metrics, 'rejected'>): Promise<Map<string, number>> {
  const { values } = await rejected.get();
  const counts = values.map(({ labels, value }) => [String(labels['reason']), value] as const);
  return new Map(counts.filter(([reason]) => reasons.includes(reason)));
}
