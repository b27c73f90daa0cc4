import { count } from '../format.ts';
import { apiLink } from '../links.ts';
import { queryString } from '../urls.ts';
import { BatchButton } from './batch-button.tsx';
import type { FilterInUse } from './filter.ts';

/** The most rows that the API writes into one file. */
const mostRows = 100_000;

interface ListActionsProps {
  readonly use: FilterInUse;
  /** How many calls the list has. */
  readonly total: number;
  /** The filter is refused. */
  readonly disabled: boolean;
}

/** What can be done with all calls that match: files of them, and a batch. */
export function ListActions({ use, total, disabled }: ListActionsProps) {
  return (
    <>
      <FileLink
        label={total > mostRows ? `CSV of the first ${count(mostRows)}` : 'CSV'}
        path={`/calls.csv${queryString({ ...use.asked, limit: mostRows })}`}
        disabled={disabled}
      />
      {use.plain && (
        <FileLink
          label="Export histories"
          path={`/calls/export${queryString({ ...use.plain, format: 'tar.gz' })}`}
          disabled={disabled}
        />
      )}
      {use.plain && <BatchButton asked={use.plain} disabled={disabled} />}
    </>
  );
}

function FileLink({ label, path, disabled }: { label: string; path: string; disabled: boolean }) {
  if (disabled)
    return (
      <button type="button" disabled>
        {label}
      </button>
    );
  return (
    <a class="button" href={apiLink(path)} download>
      {label}
    </a>
  );
}
