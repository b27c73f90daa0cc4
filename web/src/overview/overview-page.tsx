import { ActiveAlerts, useActiveAlerts } from '../alerts/active-alerts.tsx';
import { FirstUse } from '../agents/first-use.tsx';
import { NodesTable } from '../agents/nodes-table.tsx';
import { FigurePlots } from '../plots/figure-plots.tsx';
import { RangeTabs, useRange } from '../plots/range.tsx';
import { Loading } from '../ui/loading.tsx';
import { Page } from '../ui/page.tsx';
import { ProblemBox } from '../ui/problem-box.tsx';
import { Section } from '../ui/section.tsx';
import { AgentStates } from './agent-states.tsx';
import { Failovers } from './failovers.tsx';
import { FigureTiles } from './figure-tiles.tsx';
import { LastFailures } from './last-failures.tsx';
import { useAgentStates, useFigures, useNodes, useRecentCalls } from './use-overview.ts';
import { VerdictLine } from './verdict-line.tsx';
import { verdictOf } from './verdict.ts';

/** The first page: whether all is well, how calls went, and what failed last. */
export function OverviewPage() {
  const loaded = useFigures(useRange());
  const states = useAgentStates();
  const recent = useRecentCalls();
  const nodes = useNodes();
  const alerts = useActiveAlerts();
  if (states.value?.agents.length === 0) return <FirstUse onRegistered={() => void states.reload()} />;

  const { range, figures } = loaded.value ?? {};
  const problem = loaded.problem ?? states.problem ?? recent.problem ?? nodes.problem ?? alerts.problem;
  return (
    <Page title="Overview" aside={<RangeTabs />}>
      {problem && <ProblemBox problem={problem} />}
      {(!figures || !states.value || !alerts.value) && !problem && <Loading problem={undefined} />}
      {range && figures && states.value && (alerts.value || problem) && (
        <VerdictLine
          verdict={verdictOf({
            figures,
            healths: states.value.healths,
            nodes: nodes.value,
            alerts: alerts.value?.alerts ?? [],
            problem,
            now: Date.now(),
          })}
          range={range}
        />
      )}
      <ActiveAlerts of={alerts.value} />
      {figures && <FigureTiles figures={figures} inFlight={recent.value?.running} />}
      {figures && <FigurePlots figures={figures} />}
      <div class="split">
        {states.value && <AgentStates healths={states.value.healths} />}
        {figures && <Failovers failovers={figures.total.failovers} />}
      </div>
      {recent.value && <LastFailures calls={recent.value.calls} />}
      {nodes.value && (
        <Section title="Nodes">
          <NodesTable nodes={nodes.value} />
        </Section>
      )}
    </Page>
  );
}
