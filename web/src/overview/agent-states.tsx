import type { AgentHealth } from '../../../src/contract/health.ts';
import { Circuit } from '../agents/circuit.tsx';
import { pageLink } from '../links.ts';
import { AgentLink } from '../ui/agent-link.tsx';
import { Section } from '../ui/section.tsx';
import { ErrorType, Status } from '../ui/status.tsx';
import { Time } from '../ui/time.tsx';
import { troubleOf } from './verdict.ts';

const mostRows = 12;

/** The agents with their state and circuit, the ones in trouble first, and then those that are paused. */
export function AgentStates({ healths }: { healths: readonly AgentHealth[] }) {
  const rows = healths.toSorted((a, b) => rank(b) - rank(a));
  return (
    <Section title="Agents" aside={<a href={pageLink('/agents')}>All {healths.length}</a>}>
      <table class="list">
        <thead>
          <tr>
            <th scope="col">Agent</th>
            <th scope="col">State</th>
            <th scope="col" class="wide">
              Last failure
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, mostRows).map((health) => (
            <tr key={health.agent_name}>
              <td class="name">
                <AgentLink name={health.agent_name} />
              </td>
              <td>
                <Status of={health.status} /> <Circuit of={health} />
                {health.paused && <span class="tag paused">paused</span>}
              </td>
              <td class="wide">
                {health.last_failure_at === null ? (
                  <span class="none">–</span>
                ) : (
                  <>
                    <Time at={health.last_failure_at} />{' '}
                    {health.last_error_type !== null && <ErrorType of={health.last_error_type} />}
                  </>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

const rank = (health: AgentHealth): number => troubleOf(health) + (health.paused ? 0.5 : 0);
