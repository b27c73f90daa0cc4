import type { Agent } from '../../../src/contract/agents.ts';
import type { AgentHealth } from '../../../src/contract/health.ts';
import { may } from '../access/may.ts';
import { pageLink } from '../links.ts';
import { AgentLink } from '../ui/agent-link.tsx';
import { Status } from '../ui/status.tsx';
import { AgentActions } from './agent-actions.tsx';
import { Circuit } from './circuit.tsx';
import { HealthFigures } from './health-figures.tsx';
import { PauseNote } from './pause-button.tsx';
import { RecentErrors } from './recent-errors.tsx';
import { RegisterButton } from './register-button.tsx';

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
        <h2>
          <AgentLink name={agent.name} />
        </h2>
        {agent.paused && <span class="tag paused">paused</span>}
        {health && <Status of={health.status} />}
        {health && <Circuit of={health} />}
        {agent.project !== null && <span class="tag">only for {agent.project}</span>}
      </div>
      <p class="hint wrap">
        {agent.url}
        {agent.path}
        {agent.fallback_agents.map((name) => (
          <span key={name}>
            {' → '}
            {known.has(name) ? <AgentLink name={name} /> : name}
            {!known.has(name) && <span class="tag">not registered</span>}
          </span>
        ))}
      </p>
      {agent.paused && <PauseNote of={agent.paused} />}
      {health && <HealthFigures health={health} />}
      {health && <RecentErrors health={health} most={4} />}
      <div class="actions">
        <AgentActions agent={agent} health={health} onChange={onChange} />
        {may('admin') && <RegisterButton agent={agent} onRegistered={onChange} />}
        <a class="button" href={pageLink('/calls', { asked: agent.name })}>
          Its calls
        </a>
      </div>
    </article>
  );
}
