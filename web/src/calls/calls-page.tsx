import type { LiveCalls } from '../../../src/contract/call-events.ts';
import type { CallCounts } from '../../../src/contract/calls.ts';
import { may } from '../access/may.ts';
import { FirstUse } from '../agents/first-use.tsx';
import { api } from '../api.ts';
import { StreamBadge } from '../live/stream-badge.tsx';
import { useKeptPlace } from '../live/use-kept.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { Empty } from '../ui/empty.tsx';
import { Loading } from '../ui/loading.tsx';
import { Page } from '../ui/page.tsx';
import { ProblemBox } from '../ui/problem-box.tsx';
import { queryString } from '../urls.ts';
import { CallTable } from './call-table.tsx';
import { ChosenBar } from './chosen-bar.tsx';
import { Covers, coversOf } from './covers.tsx';
import { FilterBar } from './filter-bar.tsx';
import { useFilter } from './filter.ts';
import { joined } from './left-page.ts';
import { ListActions } from './list-actions.tsx';
import { StatusTabs } from './status-tabs.tsx';
import { useChoice } from './use-choice.ts';
import { useLiveCalls } from './use-live-calls.ts';
import { useOlderCalls } from './use-older-calls.ts';

/** The list of calls, with filters and live updates. */
export function CallsPage() {
  const use = useFilter();
  const { page, state, problem } = useLiveCalls(use.asked);
  const older = useOlderCalls(use.asked, page?.calls);
  const agents = useLoaded('agents', api.agents);
  const calls = joined(page?.calls ?? [], older.calls);
  const choice = useChoice(calls, queryString(use.filter));
  useKeptPlace(calls.length > 0);

  const filtered = Object.keys(use.filter).length > 0;
  if (!filtered && page?.counts.total === 0 && agents.value?.agents.length === 0)
    return <FirstUse onRegistered={() => void agents.reload()} />;

  const status = use.filter['status'] as 'running' | 'completed' | 'failed' | 'cancelled' | undefined;
  const total = page ? listedIn(page, status ?? 'total') : 0;
  return (
    <Page
      title="Calls"
      aside={
        <>
          <StreamBadge state={state} />
          <ListActions use={use} total={total} disabled={problem !== undefined} />
        </>
      }
    >
      <StatusTabs use={use} counts={page?.counts} />
      <FilterBar use={use} calls={calls} />
      {!page && <Loading problem={problem} />}
      {page && problem && <ProblemBox problem={problem} />}
      <Covers of={page && coversOf(page)} />
      {page && calls.length === 0 && <NoCalls filtered={filtered} />}
      {calls.length > 0 && (
        <CallTable calls={calls} label="Calls" use={use} choice={may('operate') ? choice : undefined} />
      )}
      {older.problem && <ProblemBox problem={older.problem} />}
      {page && (calls.length < total || use.byContent) && older.cursor !== null && (
        <div class="actions center">
          <button type="button" disabled={older.busy} onClick={older.load}>
            {older.busy ? 'Loading…' : use.byContent ? 'Search further' : 'Older calls'}
          </button>
        </div>
      )}
      {choice.chosen.size > 0 && <ChosenBar choice={choice} />}
    </Page>
  );
}

/** How many calls the list has. An order by end or duration leaves running ones out, which are counted. */
function listedIn({ counts, covers }: LiveCalls, status: Exclude<keyof CallCounts, 'covers'>): number {
  const left = covers?.running === 'none' && (status === 'total' || status === 'running');
  return left ? counts[status] - counts.running : counts[status];
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
