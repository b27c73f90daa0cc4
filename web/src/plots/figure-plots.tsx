import type { FigurePercentiles, FiguresAnswer } from '../../../src/contract/figures.ts';
import { count, duration, plural, words } from '../format.ts';
import { attemptErrorSpec, callsIn, errorSpec, outcomeSpec, percentileSpec } from './figure-specs.ts';
import { Plot } from './plot.tsx';

/** The plots of all agents, or those of one, which need figures with `agents=true`. */
export function FigurePlots({ figures, agent }: { figures: FiguresAnswer; agent?: string }) {
  const { total } = figures;
  const own = agent === undefined ? undefined : total.agents[agent];
  const errors = agent === undefined ? total.errors : (own?.attempt_errors ?? {});
  return (
    <div class="plots">
      <Plot
        title={agent === undefined ? 'Calls' : 'Calls that named it'}
        gist={outcomeGist(total.calls)}
        spec={outcomeSpec(figures)}
      />
      <Plot
        title={agent === undefined ? 'Error rate, by type' : 'Error rate of attempts, by type'}
        gist={errorGist(errors)}
        spec={agent === undefined ? errorSpec(figures) : attemptErrorSpec(figures, agent)}
      />
      <Plot
        title={agent === undefined ? 'Latency of agents' : 'Its latency'}
        gist={percentileGist(total.latency_ms)}
        spec={percentileSpec(figures, ({ latency_ms: latency }) => latency)}
      />
      <Plot
        title="Overhead of Holdfast"
        gist={percentileGist(total.overhead_ms)}
        spec={percentileSpec(figures, ({ overhead_ms: overhead }) => overhead)}
      />
      <Plot
        title="Wait for the session's turn"
        gist={percentileGist(total.queue_wait_ms)}
        spec={percentileSpec(figures, ({ queue_wait_ms: wait }) => wait)}
      />
    </div>
  );
}

function outcomeGist(calls: FiguresAnswer['total']['calls']): string {
  const { completed, failed, cancelled } = calls;
  if (callsIn(calls) === 0) return 'no calls';
  return `${plural(callsIn(calls), 'call')}: ${count(completed)} completed, ${count(failed)} failed, ${count(cancelled)} cancelled`;
}

function errorGist(errors: Readonly<Partial<Record<string, number>>>): string {
  const types = Object.entries(errors).sort(([, a = 0], [, b = 0]) => b - a);
  if (types.length === 0) return 'none failed';
  return types.map(([type, times = 0]) => `${words(type)} ${count(times)}`).join(', ');
}

function percentileGist({ count: measured, p50, p95, p99 }: FigurePercentiles): string {
  if (measured === 0 || p50 === null || p95 === null || p99 === null) return 'nothing was measured';
  return `p50 ${duration(p50)}, p95 ${duration(p95)}, p99 ${duration(p99)}`;
}
