import type { CallSummary } from '../../../src/contract/calls.ts';
import { valueWords } from '../batches/filter-words.ts';
import { words } from '../format.ts';
import { Field } from '../ui/field.tsx';
import { errorTypes } from './error-types.ts';
import { spans, type FilterInUse } from './filter.ts';
import { MoreFilters } from './more-filters.tsx';
import { hasTab } from './status-tabs.tsx';
import { TextFilter } from './text-filter.tsx';

/** The filters of the list, except the status, which has tabs. The names in `calls` are offered. */
export function FilterBar({ use, calls }: { use: FilterInUse; calls: readonly CallSummary[] }) {
  const { filter, change } = use;
  // What has a tab is cleared by the tabs.
  const isTab = (name: string): boolean =>
    (name === 'status' && hasTab(filter[name])) ||
    (name === 'resolved' && filter['status'] === 'failed' && filter[name] === 'false');
  const set = Object.keys(filter).filter((name) => !isTab(name));
  return (
    <search class="filters">
      <TextFilter
        label="Call id begins with"
        value={filter['text'] ?? ''}
        onChange={(text) => change({ text })}
      />
      <Field label="Error">
        <select
          value={filter['error_type'] ?? ''}
          onChange={(event) => change({ error_type: event.currentTarget.value })}
        >
          <option value="">Any</option>
          {errorTypes.map((type) => (
            <option key={type} value={type}>
              {words(type)}
            </option>
          ))}
        </select>
      </Field>
      <SinceFilter use={use} />
      <MoreFilters use={use} calls={calls} />
      {set.length > 0 && (
        <a class="clear" href={use.href(Object.fromEntries(set.map((name) => [name, undefined])))}>
          Clear filters
        </a>
      )}
    </search>
  );
}

function SinceFilter({ use: { filter, change } }: { use: FilterInUse }) {
  const since = filter['since'] ?? '';
  return (
    <Field label="Started">
      <select value={since} onChange={(event) => change({ since: event.currentTarget.value })}>
        <option value="">Any time</option>
        {Object.entries(spans).map(([name, { label }]) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
        {since !== '' && !spans[since] && <option value={since}>Since {valueWords('since', since)}</option>}
      </select>
    </Field>
  );
}
