import type { Agent } from '../../../src/contract/agents.ts';
import type { AgentHealth } from '../../../src/contract/health.ts';
import { may } from '../access/may.ts';
import { count, duration } from '../format.ts';
import { pageLink } from '../links.ts';
import { CallLink } from '../ui/call-link.tsx';
import { ErrorType, Status } from '../ui/status.tsx';
import { Time } from '../ui/time.tsx';
import { AgentActions } from './agent-actions.tsx';
import { RegisterButton } from './register-button.tsx';
import { Sparkline } from './sparkline.tsx';

interface AgentCardProps {
  readonly agent: Agent;
  /** The names of all registered agents. */
  readonly known: ReadonlySet<string>;
  readonly health: AgentHealth | undefined;
  readonly onChange: () => void;
}

/** One agent: its state, circuit, figures, recent errors and actions. */
export function AgentCard({ agent, known, health, onChange }: AgentCardProps) {
  return (
    <article class="panel" aria-label={agent.name}>
      <div class="panel-head">
        <h2>{agent.name}</h2>
        {health && <Status of={health.status} />}
        {health && <Circuit of={health} />}
        {agent.project !== null && <span class="tag">only for {agent.project}</span>}
      </div>
      <p class="hint wrap">
        {agent.url}
        {agent.path}
        {agent.fallback_agents.map((name) => (
          <span key={name}>
            {` → ${name}`}
            {!known.has(name) && <span class="tag">not registered</span>}
          </span>
        ))}
      </p>
      {health && <Figures health={health} />}
      {health && <Latency health={health} />}
      {health && <Errors health={health} />}
      <div class="actions">
        <AgentActions agent={agent} health={health} onChange={onChange} />
        {may('admin') && <RegisterButton agent={agent} onRegistered={onChange} />}
        <a class="button" href={pageLink('/calls', { agent: agent.name })}>
          Its calls
        </a>
      </div>
    </article>
  );
}

function Circuit({ of: { circuit, circuit_open_until: until } }: { of: AgentHealth }) {
  return (
    <span class={`tag circuit-${circuit}`}>
      circuit {circuit.replace('_', ' ')}
      {until !== null && (
        <>
          {' until '}
          <Time at={until} />
        </>
      )}
    </span>
  );
}

function Figures({ health }: { health: AgentHealth }) {
  const figures = [
    ['Success', successOf(health)],
    ['Calls', count(health.total_requests)],
    ['Failures', count(health.total_failures)],
    ['p50', latency(health.latency_p50_ms)],
    ['p95', latency(health.latency_p95_ms)],
  ];
  return (
    <dl class="figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The success rate as text; a dash if the window has no requests, because then there is no rate. */
function successOf({ recent_requests: asked, success_rate: rate }: AgentHealth): string {
  return asked === 0 ? '–' : `${rate.toFixed(rate % 1 === 0 ? 0 : 1)} %`;
}

const latency = (ms: number | null): string => (ms === null ? '–' : duration(ms));

function Latency({ health: { latencies_ms: latencies } }: { health: AgentHealth }) {
  if (latencies.length < 2) return null;
  return <Sparkline values={latencies} />;
}

function Errors({ health }: { health: AgentHealth }) {
  if (health.recent_errors.length === 0) return <p class="hint">No recent errors.</p>;
  return (
    <ul class="recent" aria-label="Last errors">
      {health.recent_errors.slice(0, 4).map((error) => (
        <li key={`${error.call_id} ${error.at}`}>
          <Time at={error.at} /> <ErrorType of={error.error_type} />{' '}
          {error.call_id === null ? 'a call of another project' : <CallLink id={error.call_id} />}
        </li>
      ))}
    </ul>
  );
}
