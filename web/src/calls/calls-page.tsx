import { FirstUse } from '../agents/first-use.tsx';
import { api } from '../api.ts';
import { apiLink } from '../links.ts';
import { queryString } from '../urls.ts';
import { StreamBadge } from '../live/stream-badge.tsx';
import { useLoaded } from '../live/use-loaded.ts';
import { Empty } from '../ui/empty.tsx';
import { Loading } from '../ui/loading.tsx';
import { Page } from '../ui/page.tsx';
import { ProblemBox } from '../ui/problem-box.tsx';
import { BatchButton } from './batch-button.tsx';
import { CallTable } from './call-table.tsx';
import { FilterBar } from './filter-bar.tsx';
import { useFilter } from './filter.ts';
import { StatusTabs } from './status-tabs.tsx';
import { useLiveCalls } from './use-live-calls.ts';
import { useOlderCalls } from './use-older-calls.ts';

/** The list of calls, with filters and live updates. */
export function CallsPage() {
  const use = useFilter();
  const { page, state, problem } = useLiveCalls(use.asked);
  const older = useOlderCalls(use.asked);
  const agents = useLoaded('agents', api.agents);

  const filtered = Object.keys(use.filter).length > 0;
  if (!filtered && page?.counts.total === 0 && agents.value?.agents.length === 0)
    return <FirstUse onRegistered={() => void agents.reload()} />;

  const seen = new Set(page?.calls.map((call) => call.call_id));
  const calls = [...(page?.calls ?? []), ...older.calls.filter((call) => !seen.has(call.call_id))];
  const status = use.filter['status'] as keyof NonNullable<typeof page>['counts'] | undefined;
  const total = page?.counts[status ?? 'total'] ?? 0;
  return (
    <Page
      title="Calls"
      aside={
        <>
          <StreamBadge state={state} />
          {problem ? (
            <button type="button" disabled>
              Export histories
            </button>
          ) : (
            <a
              class="button"
              href={apiLink(`/calls/export${queryString({ ...use.asked, format: 'tar.gz' })}`)}
            >
              Export histories
            </a>
          )}
          <BatchButton asked={use.asked} disabled={problem !== undefined} />
        </>
      }
    >
      <StatusTabs use={use} counts={page?.counts} />
      <FilterBar use={use} />
      {!page && <Loading problem={problem} />}
      {page && calls.length === 0 && <NoCalls filtered={filtered} />}
      {calls.length > 0 && <CallTable calls={calls} label="Calls" />}
      {older.problem && <ProblemBox problem={older.problem} />}
      {calls.length < total && older.cursor !== null && (
        <div class="actions center">
          <button type="button" disabled={older.busy} onClick={older.load}>
            {older.busy ? 'Loading…' : 'Older calls'}
          </button>
        </div>
      )}
    </Page>
  );
}

function NoCalls({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <Empty title="No call matches">
      Remove a filter, or choose a longer time. A new call may take a second to appear here.
    </Empty>
  ) : (
    <Empty title="No calls yet">Calls appear here as soon as they are accepted.</Empty>
  );
}
