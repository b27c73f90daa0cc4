import type { FilterInUse } from './filter.ts';

interface SortHeaderProps {
  /** Undefined: the column does not sort. */
  readonly use: FilterInUse | undefined;
  readonly by: 'started' | 'ended' | 'duration';
  readonly label: string;
  readonly class?: string;
}

/** The head of a column that sorts the list: first the latest or longest, then the other way round, then as without it. */
export function SortHeader({ use, by, label, class: look = '' }: SortHeaderProps) {
  // A running call has no end yet, and its time goes on.
  if (!use || (use.filter['status'] === 'running' && by !== 'started'))
    return (
      <th scope="col" class={look}>
        {label}
      </th>
    );
  const isIt = use.order['sort'] === by;
  const ascending = isIt && use.order['order'] === 'asc';
  const next = !isIt
    ? { sort: by, order: undefined }
    : ascending
      ? { sort: undefined, order: undefined }
      : { sort: by, order: 'asc' };
  return (
    <th scope="col" class={look} aria-sort={!isIt ? undefined : ascending ? 'ascending' : 'descending'}>
      <button type="button" class="sort" onClick={() => use.change(next)}>
        {label}
        <span aria-hidden="true">{!isIt ? '' : ascending ? ' ↑' : ' ↓'}</span>
      </button>
    </th>
  );
}
