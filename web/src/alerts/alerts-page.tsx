import { may } from '../access/may.ts';
import { showsAllProjects } from '../access/project.ts';
import { api } from '../api.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { useRepeated } from '../live/use-repeated.ts';
import { Empty } from '../ui/empty.tsx';
import { Loading } from '../ui/loading.tsx';
import { Page } from '../ui/page.tsx';
import { ProblemBox } from '../ui/problem-box.tsx';
import { Section } from '../ui/section.tsx';
import { AlertCard } from './alert-card.tsx';
import { SilenceButton } from './silence-button.tsx';
import { Silences } from './silences.tsx';

const refreshMs = 5_000;

/** What is wrong now, what was, and the silences: updated every 5 s. */
export function AlertsPage() {
  const load = async () => {
    const [{ alerts }, { silences }] = await Promise.all([api.alerts(), api.silences()]);
    return { alerts, silences };
  };
  const { value, problem, reload } = useLoaded('alerts', load);
  useRepeated(refreshMs, reload);
  const onChange = (): void => void reload();
  const mayChange = may('operate') && !showsAllProjects();
  const active = value?.alerts.filter(({ state }) => state === 'active') ?? [];
  const over = value?.alerts.filter(({ state }) => state === 'resolved') ?? [];
  return (
    <Page title="Alerts" aside={mayChange && <SilenceButton label="Silence alerts" onChange={onChange} />}>
      {!value && <Loading problem={problem} />}
      {value && problem && <ProblemBox problem={problem} />}
      {value && active.length === 0 && (
        <Empty title="No alert is active">What is wrong with agents, calls or nodes shows up here.</Empty>
      )}
      {active.length > 0 && (
        <Section title="Active">
          <div class="rows">
            {active.map((alert) => (
              <AlertCard key={alert.id} of={alert} mayChange={mayChange} onChange={onChange} />
            ))}
          </div>
        </Section>
      )}
      {value && value.silences.length > 0 && (
        <Silences all={value.silences} mayChange={mayChange} onChange={onChange} />
      )}
      {over.length > 0 && (
        <Section title="Over">
          <div class="rows">
            {over.map((alert) => (
              <AlertCard key={alert.id} of={alert} mayChange={false} onChange={onChange} />
            ))}
          </div>
        </Section>
      )}
    </Page>
  );
}
