import type { Attempt, CallDescription } from '../../../src/contract/calls.ts';
import type { AgentHealth } from '../../../src/contract/health.ts';
import { api } from '../api.ts';
import { plural } from '../format.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { AgentLink } from '../ui/agent-link.tsx';
import { Status } from '../ui/status.tsx';

/** The chain of agents that was fixed when the call began: each agent's outcome in this call, and its health today. */
export function Chain({ call, asking }: { call: CallDescription; asking: string | undefined }) {
  const health = useLoaded(`${call.call_id} ${call.status}`, api.healths);
  const today = new Map(health.value?.agents.map((one) => [one.agent_name, one]));
  const attempts = new Map(call.attempts.map((one) => [one.agent, one]));
  const pinned = new Set(call.chain.map(({ name }) => name));
  return (
    <ol class="chain">
      {call.chain.map((agent) => (
        <li key={agent.name}>
          <div class="chain-name">
            <strong>
              <AgentLink name={agent.name} />
            </strong>
            <span class="hint">
              {agent.name === asking ? 'asked now' : outcomeOf(attempts.get(agent.name))}
            </span>
          </div>
          {call.passed_over.includes(agent.name) && (
            <div class="hint">passed over: its circuit was open when the call began</div>
          )}
          {attempts.get(agent.name)?.status === 'skipped' && (
            <div class="hint wrap">{attempts.get(agent.name)?.error}</div>
          )}
          <div class="hint wrap">
            {agent.url} · {agent.timeout_seconds} s · {plural(agent.max_retries, 'retry', 'retries')}
          </div>
          {health.value && <Today health={today.get(agent.name)} />}
        </li>
      ))}
      {call.attempts
        .filter(({ agent, status }) => status === 'skipped' && !pinned.has(agent))
        .map(({ agent, error }) => (
          <li key={agent} class="skipped">
            <div class="chain-name">
              <strong>{agent}</strong>
              <span class="hint">skipped</span>
            </div>
            <div class="hint wrap">{error}</div>
          </li>
        ))}
    </ol>
  );
}

function Today({ health }: { health: AgentHealth | undefined }) {
  if (!health) return <span class="hint">no longer registered</span>;
  return (
    <div class="chain-today">
      <span class="visually-hidden">Today: </span>
      <Status of={health.status} />
      {health.circuit !== 'closed' && <span class="tag">circuit {health.circuit.replace('_', ' ')}</span>}
    </div>
  );
}

function outcomeOf(attempt: Attempt | undefined): string {
  if (!attempt) return 'not asked';
  if (attempt.error_type === 'cancelled') return `cancelled after ${plural(attempt.tries, 'try', 'tries')}`;
  if (attempt.status === 'ok') return 'answered';
  if (attempt.error_type === 'no_slot') return 'no slot was free';
  if (attempt.error_type === 'agent_paused' && attempt.tries === 0) return 'paused';
  return attempt.status === 'skipped' ? 'skipped' : `failed after ${plural(attempt.tries, 'try', 'tries')}`;
}
