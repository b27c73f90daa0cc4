import type { CallCounts } from '../../../src/contract/calls.ts';
import { count } from '../format.ts';
import type { FilterInUse } from './filter.ts';

const tabs = [
  { label: 'All', key: 'total' },
  { status: 'running', label: 'Running', key: 'running' },
  { status: 'failed', label: 'Failed', key: 'failed' },
  { status: 'failed', resolved: 'false', label: 'Unresolved', key: 'failed' },
  { status: 'completed', label: 'Completed', key: 'completed' },
  { status: 'cancelled', label: 'Cancelled', key: 'cancelled' },
] as const;

/** Whether there is a tab for the status. */
export const hasTab = (status: unknown): boolean =>
  tabs.some((tab) => 'status' in tab && tab.status === status);

/** Links that filter by status, with the number of calls. How many are unresolved is known only while one looks at them. */
export function StatusTabs({ use, counts }: { use: FilterInUse; counts: CallCounts | undefined }) {
  const { status, resolved } = use.filter;
  const sort = use.order['sort'];
  return (
    <nav class="tabs" aria-label="Calls by status">
      {tabs.map((tab) => {
        const wanted = { status: undefined, resolved: undefined, ...tab };
        const isCurrent = wanted.status === status && wanted.resolved === resolved;
        const isCounted = wanted.resolved === resolved || resolved === undefined;
        return (
          <a
            key={tab.label}
            href={use.href({
              status: wanted.status,
              resolved: wanted.resolved,
              ...(wanted.status === 'running' && sort !== 'started' && { sort: undefined, order: undefined }),
            })}
            aria-current={isCurrent ? 'true' : undefined}
          >
            {tab.label}
            {(isCurrent || !('resolved' in tab)) && (
              <span class={`tab-count tab-${tab.key}`}>
                {counts && isCounted ? count(counts[tab.key]) : '–'}
              </span>
            )}
          </a>
        );
      })}
    </nav>
  );
}
