import type { CallCounts } from '../../../src/contract/calls.ts';
import { count } from '../format.ts';
import type { FilterInUse } from './filter.ts';

const tabs = [
  [undefined, 'All', 'total'],
  ['running', 'Running', 'running'],
  ['failed', 'Failed', 'failed'],
  ['completed', 'Completed', 'completed'],
  ['cancelled', 'Cancelled', 'cancelled'],
] as const;

/** Whether there is a tab for the status. */
export const hasTab = (status: unknown): boolean => tabs.some(([one]) => one === status);

/** Links that filter by status, with the number of calls. */
export function StatusTabs({ use, counts }: { use: FilterInUse; counts: CallCounts | undefined }) {
  return (
    <nav class="tabs" aria-label="Calls by status">
      {tabs.map(([status, label, key]) => (
        <a
          key={key}
          href={use.href({ status })}
          aria-current={use.filter['status'] === status ? 'true' : undefined}
        >
          {label}
          <span class={`tab-count tab-${key}`}>{counts ? count(counts[key]) : '–'}</span>
        </a>
      ))}
    </nav>
  );
}
