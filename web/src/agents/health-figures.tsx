import type { AgentHealth } from '../../../src/contract/health.ts';
import { count, duration } from '../format.ts';
import { Sparkline } from './sparkline.tsx';

/** What is known of an agent's last calls: figures and a chart of latencies. */
export function HealthFigures({ health }: { health: AgentHealth }) {
  const figures = [
    ['Success', successOf(health)],
    ['Calls', count(health.total_requests)],
    ['Failures', count(health.total_failures)],
    ['p50', latency(health.latency_p50_ms)],
    ['p95', latency(health.latency_p95_ms)],
  ];
  return (
    <>
      <dl class="figures">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {health.latencies_ms.length >= 2 && <Sparkline values={health.latencies_ms} />}
    </>
  );
}

/** The success rate as text; a dash if the window has no requests, because then there is no rate. */
function successOf({ recent_requests: asked, success_rate: rate }: AgentHealth): string {
  return asked === 0 ? '–' : `${rate.toFixed(rate % 1 === 0 ? 0 : 1)} %`;
}

const latency = (ms: number | null): string => (ms === null ? '–' : duration(ms));
