import { useLocation, useRoute } from 'preact-iso/router';
import type { Agent } from '../../../src/contract/agents.ts';
import type { AgentHealth } from '../../../src/contract/health.ts';
import { may, mayCallAgain } from '../access/may.ts';
import { showsAllProjects } from '../access/project.ts';
import { pageLink } from '../links.ts';
import { FigureTiles } from '../overview/figure-tiles.tsx';
import { LastFailures } from '../overview/last-failures.tsx';
import { useAgentStates, useFigures, useRecentCalls } from '../overview/use-overview.ts';
import { FigurePlots } from '../plots/figure-plots.tsx';
import { RangeTabs, useRange } from '../plots/range.tsx';
import { Empty } from '../ui/empty.tsx';
import { Loading } from '../ui/loading.tsx';
import { Page } from '../ui/page.tsx';
import { ProblemBox } from '../ui/problem-box.tsx';
import { Section } from '../ui/section.tsx';
import { Status } from '../ui/status.tsx';
import { AgentActions } from './agent-actions.tsx';
import { AgentConfig } from './agent-config.tsx';
import { Circuit } from './circuit.tsx';
import { HealthFigures } from './health-figures.tsx';
import { PauseNote } from './pause-button.tsx';
import { RecentErrors } from './recent-errors.tsx';
import { RegisterButton } from './register-button.tsx';
import { TryIt } from './try-it.tsx';

/** One agent: its state, how its calls went, its configuration, and a form that sends it a prompt. */
export function AgentPage() {
  const { params, query } = useRoute();
  const name = params['name'] ?? query['name'] ?? '';
  const { value, problem, reload } = useAgentStates();
  const agent = value?.agents.find((one) => one.name === name);
  return (
    <Page title={name} heading={<span class="wrap">{name}</span>} aside={<RangeTabs />}>
      {problem && <ProblemBox problem={problem} />}
      {!value && !problem && <Loading problem={undefined} />}
      {value && !agent && (
        <Empty title="No agent of this name is registered">
          What it did before is still there. <a href={pageLink('/agents')}>All agents</a>
        </Empty>
      )}
      {value && agent && (
        <Health
          key={name}
          agent={agent}
          health={value.healths.find((one) => one.agent_name === name)}
          onChange={() => void reload()}
        />
      )}
      <Figures key={`figures ${name}`} name={name} />
      {value && agent && <AgentConfig agent={agent} agents={value.agents} />}
      {agent && mayCallAgain(name) && !showsAllProjects() && <TryIt key={`try ${name}`} name={name} />}
    </Page>
  );
}

interface HealthProps {
  readonly agent: Agent;
  readonly health: AgentHealth | undefined;
  readonly onChange: () => void;
}

function Health({ agent, health, onChange }: HealthProps) {
  const { route } = useLocation();
  return (
    <Section
      title="Health"
      aside={
        <>
          {agent.paused && <span class="tag paused">paused</span>}
          {health && <States health={health} />}
        </>
      }
    >
      {agent.paused && <PauseNote of={agent.paused} />}
      {health && <HealthFigures health={health} />}
      {health && <RecentErrors health={health} most={10} />}
      <div class="actions">
        <AgentActions
          agent={agent}
          health={health}
          onChange={onChange}
          onRemoved={() => route(pageLink('/agents'))}
        />
        {may('admin') && <RegisterButton agent={agent} onRegistered={onChange} />}
        <a class="button" href={pageLink('/calls', { asked: agent.name })}>
          Its calls
        </a>
      </div>
    </Section>
  );
}

const States = ({ health }: { health: AgentHealth }) => (
  <>
    <Status of={health.status} />
    <Circuit of={health} />
  </>
);

/** How the agent's calls went in the chosen range, and the last ones that failed. */
function Figures({ name }: { name: string }) {
  const loaded = useFigures(useRange(), name);
  const figures = loaded.value?.figures;
  const recent = useRecentCalls(name);
  const problem = loaded.problem ?? recent.problem;
  return (
    <>
      {problem && <ProblemBox problem={problem} />}
      {!figures && !problem && <Loading problem={undefined} />}
      {figures && <FigureTiles figures={figures} inFlight={recent.value?.running} />}
      {figures && <FigurePlots figures={figures} agent={name} />}
      {recent.value && <LastFailures calls={recent.value.calls} agent={name} />}
    </>
  );
}
