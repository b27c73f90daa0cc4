/** The filter of the list of calls. It is in the URL, so that a link to the filtered list can be shared. */
import { useMemo } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { FilterValues } from '../api.ts';
import { pageLink } from '../links.ts';
import { queryString } from '../urls.ts';

const filterNames = [
  'status',
  'error_type',
  'agent',
  'answered_by',
  'session',
  'user',
  'since',
  'until',
  'text',
  'rerun_of',
] as const;
export type FilterName = (typeof filterNames)[number];

const minuteMs = 60_000;
/** The time spans that `since` may name in the URL, counted back from now. Any other value of `since` is a time. */
export const spans: Readonly<Record<string, { readonly label: string; readonly ms: number }>> = {
  '15m': { label: 'Last 15 minutes', ms: 15 * minuteMs },
  '1h': { label: 'Last hour', ms: 60 * minuteMs },
  '12h': { label: 'Last 12 hours', ms: 12 * 60 * minuteMs },
  '24h': { label: 'Last 24 hours', ms: 24 * 60 * minuteMs },
  '7d': { label: 'Last 7 days', ms: 7 * 24 * 60 * minuteMs },
};

/** The current filter, and how to change it. */
export interface FilterInUse {
  /** The filter as the URL states it. */
  readonly filter: FilterValues;
  /** The filter as the API takes it: spans are replaced by times. */
  readonly asked: FilterValues;
  /** Returns the URL of the list with these values changed. A value of undefined removes that filter. */
  readonly href: (changes: FilterValues) => string;
  /** Goes to the URL that `href` returns and replaces the current one in the browser's history. */
  readonly change: (changes: FilterValues) => void;
}

/** Reads the filter from the URL. */
export function useFilter(): FilterInUse {
  const { query, route } = useLocation();
  const key = queryString(pick(query));
  return useMemo(() => {
    const filter = pick(query);
    const href = (changes: FilterValues): string => pageLink('/calls', { ...filter, ...changes });
    return {
      filter,
      asked: asApiTakes(filter, Date.now()),
      href,
      change: (changes) => route(href(changes), true),
    };
  }, [key]);
}

function pick(query: FilterValues): FilterValues {
  return Object.fromEntries(
    filterNames.filter((name) => query[name]).map((name) => [name, query[name]] as const),
  );
}

function asApiTakes(filter: FilterValues, nowMs: number): FilterValues {
  const span = spans[filter['since'] ?? ''];
  return span ? { ...filter, since: new Date(nowMs - span.ms).toISOString() } : filter;
}
