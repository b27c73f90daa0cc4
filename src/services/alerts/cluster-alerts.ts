/** Evaluates the conditions of the whole cluster, beside the reader of endings: in one process at a time (feed-work.ts). */
import { leaseMs } from '../../domain/running-nodes.ts';
import { every } from '../../lib/every.ts';
import type { Nodes } from '../nodes/nodes.ts';
import type { Alerts } from './alerts.ts';
import { reportOnce, type ConditionSource } from './reporter.ts';

export interface ClusterAlertParts {
  readonly alerts: Pick<Alerts, 'read' | 'report'>;
  /** Makes the sources of one evaluator. */
  readonly sources: () => readonly ConditionSource[];
  readonly nodes: Pick<Nodes, 'look'>;
  readonly intervalMs: number;
  /** Epoch ms by Temporal's clock. */
  readonly now: () => number;
  /** Called with each error. The evaluator goes on. */
  readonly onFailed: (error: unknown) => void;
}

/** Reports what holds for the whole cluster. Nodes report what is about themselves by their ids, which are never this. */
const reporter = 'cluster';

/**
 * Starts the evaluator. What an earlier one reports, with a lower `fence`, is ignored from its first report on. Returns a function
 * that stops it.
 */
export function startClusterAlerts(parts: ClusterAlertParts, fence: number): () => Promise<void> {
  return every(parts.intervalMs, clusterRound(parts, fence), parts.onFailed);
}

/** Returns what one round does. */
export function clusterRound(parts: ClusterAlertParts, fence: number): () => Promise<void> {
  const { alerts, now, onFailed } = parts;
  const sources = parts.sources();
  const gone = new Map<string, number>();
  let ownFence: number | undefined;
  return async () => {
    // Temporal's clock, by which fences are made, may have been set back since the last evaluator's.
    ownFence ??= Math.max(fence, ((await alerts.read()).reporters[reporter]?.fence ?? 0) + 1);
    await withdrawOfDead(parts, gone).catch(onFailed);
    await reportOnce({ alerts, sources, reporter: () => reporter, fence: ownFence, now, onFailed });
  };
}

/**
 * Takes back what nodes have reported that no longer run. `gone` has since when they are missing: after a restart of Temporal
 * those that run are missing, too, until they have renewed their leases.
 */
async function withdrawOfDead(
  { alerts, nodes, now }: ClusterAlertParts,
  gone: Map<string, number>,
): Promise<void> {
  const { reporters } = await alerts.read();
  const ofNodes = Object.keys(reporters).filter((one) => one !== reporter);
  const running = new Set(ofNodes.length === 0 ? [] : (await nodes.look()).map(({ id }) => id));
  for (const id of gone.keys()) if (running.has(id) || !ofNodes.includes(id)) gone.delete(id);
  for (const id of ofNodes) {
    if (running.has(id)) continue;
    const since = gone.get(id) ?? now();
    gone.set(id, since);
    if (now() - since >= leaseMs) await alerts.report({ reporter: id, conditions: [] }, now());
  }
}
