import { may } from '../access/may.ts';
import { api } from '../api.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { useRepeated } from '../live/use-repeated.ts';
import { Loading } from '../ui/loading.tsx';
import { Page } from '../ui/page.tsx';
import { ProblemBox } from '../ui/problem-box.tsx';
import { AgentCard } from './agent-card.tsx';
import { FirstUse } from './first-use.tsx';
import { NodesSection } from './nodes-section.tsx';
import { RegisterButton } from './register-button.tsx';

const refreshMs = 5_000;

/** The page of all agents and nodes, updated every 5 s. */
export function AgentsPage() {
  const { value, problem, reload } = useLoaded('agents', async () => {
    const [{ agents }, healths] = await Promise.all([api.agents(), api.healths()]);
    return { agents, healths: new Map(healths.agents.map((one) => [one.agent_name, one])) };
  });
  useRepeated(refreshMs, reload);
  const names = new Set(value?.agents.map(({ name }) => name));
  if (value?.agents.length === 0) return <FirstUse onRegistered={() => void reload()} />;
  return (
    <Page title="Agents" aside={may('admin') && <RegisterButton onRegistered={() => void reload()} />}>
      {!value && <Loading problem={problem} />}
      {value && problem && <ProblemBox problem={problem} />}
      {value && (
        <div class="cards">
          {value.agents.map((agent) => (
            <AgentCard
              key={agent.name}
              agent={agent}
              known={names}
              health={value.healths.get(agent.name)}
              onChange={() => void reload()}
            />
          ))}
        </div>
      )}
      {may('admin') && <NodesSection />}
    </Page>
  );
}
