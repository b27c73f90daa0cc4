import type { AlertList } from '../../../src/contract/alerts.ts';
import { api } from '../api.ts';
import { words } from '../format.ts';
import { pageLink } from '../links.ts';
import { useLoaded, type Loaded } from '../live/use-loaded.ts';
import { useRepeated } from '../live/use-repeated.ts';
import { Section } from '../ui/section.tsx';
import { Time } from '../ui/time.tsx';

const refreshMs = 15_000;
const mostShown = 5;

/** The alerts that are active, loaded again while the page is seen. */
export function useActiveAlerts(): Loaded<AlertList> {
  const loaded = useLoaded('active alerts', () => api.alerts('active'));
  useRepeated(refreshMs, loaded.reload);
  return loaded;
}

/** The active alerts, the newest first. Nothing while there are none. */
export function ActiveAlerts({ of }: { of: AlertList | undefined }) {
  if (!of || of.total === 0) return null;
  return (
    <Section title="Active alerts" aside={<a href={pageLink('/alerts')}>All {of.total}</a>}>
      <ul class="active-alerts">
        {of.alerts.slice(0, mostShown).map(({ id, condition, severity, summary, fired_at: firedAt }) => (
          <li key={id}>
            <span class={`tag ${severity}`}>{words(condition)}</span> {summary} (<Time at={firedAt} />)
          </li>
        ))}
      </ul>
    </Section>
  );
}
