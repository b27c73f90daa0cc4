/** The evaluator of the cluster's alerts, when Temporal's clock or its list of nodes is not what it was. */
import { expect, it } from 'vitest';
import type { ReportedCondition } from '../../../src/domain/alert.ts';
import { AlertBook, noAlerts, type AlertReport } from '../../../src/domain/alert-book.ts';
import type { ListedNode } from '../../../src/domain/running-nodes.ts';
import { clusterRound } from '../../../src/services/alerts/cluster-alerts.ts';

const about = (subject: string): ReportedCondition => ({
  condition: 'agent_unreachable',
  subject,
  since: 0,
  summary: '',
  values: {},
});

function clusterOf(conditions: readonly ReportedCondition[]) {
  const book = new AlertBook(noAlerts);
  const errors: unknown[] = [];
  const cluster = {
    book,
    errors,
    nowMs: 1_000_000,
    running: [] as readonly { readonly id: string }[] | Error,
    report: (report: AlertReport) => {
      book.report(report, cluster.nowMs);
    },
    active: () => book.state().active.map(({ subject }) => subject),
    evaluator: (fence: number) =>
      clusterRound(
        {
          alerts: {
            read: () => Promise.resolve(book.state()),
            report: (report) => {
              cluster.report(report);
              return Promise.resolve();
            },
          },
          sources: () => [{ conditions: ['agent_unreachable'], read: () => Promise.resolve(conditions) }],
          nodes: {
            look: () =>
              cluster.running instanceof Error
                ? Promise.reject(cluster.running)
                : Promise.resolve(cluster.running as readonly ListedNode[]),
          },
          intervalMs: 1,
          now: () => cluster.nowMs,
          onFailed: (error) => errors.push(error),
        },
        fence,
      ),
  };
  return cluster;
}

it('an evaluator that begins after the clock was set back takes over all the same', async () => {
  const cluster = clusterOf([about('now')]);
  cluster.report({ reporter: 'cluster', fence: 5_000, conditions: [about('before')] });
  await cluster.evaluator(4_000)();
  expect(cluster.active()).toEqual(['now']);
  cluster.report({ reporter: 'cluster', fence: 5_000, conditions: [] }); // The earlier one, which was frozen.
  expect(cluster.active()).toEqual(['now']);
});

it('what a node has reported is taken back once the node is missing for a lease, not at the first look without it', async () => {
  const cluster = clusterOf([]);
  cluster.report({ reporter: 'n1', conditions: [about('disk')] });
  const round = cluster.evaluator(1);
  const seen: string[][] = [];
  for (const running of [[], [{ id: 'n1' }], [], new Error('late'), []]) {
    cluster.running = running;
    await round();
    seen.push(cluster.active());
    cluster.nowMs += 20_000;
  }
  expect(seen).toEqual([['disk'], ['disk'], ['disk'], ['disk'], []]);
  expect(cluster.errors).toEqual([new Error('late')]);
});
