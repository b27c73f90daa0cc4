/** The filter of the list, as the URL holds it, so that a link to what is seen can be sent to a colleague. */
import { useMemo } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { FilterValues } from '../api.ts';
import { queryString } from '../http.ts';

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
/** Spans back from now, by how the URL names them; anything else there is a time. */
export const spans: Readonly<Record<string, { readonly label: string; readonly ms: number }>> = {
  '15m': { label: 'Last 15 minutes', ms: 15 * minuteMs },
  '1h': { label: 'Last hour', ms: 60 * minuteMs },
  '12h': { label: 'Last 12 hours', ms: 12 * 60 * minuteMs },
  '24h': { label: 'Last 24 hours', ms: 24 * 60 * minuteMs },
  '7d': { label: 'Last 7 days', ms: 7 * 24 * 60 * minuteMs },
};

export interface FilterInUse {
  /** As in the URL. */
  readonly filter: FilterValues;
  /** As the API takes it. */
  readonly asked: FilterValues;
  /** Where the list is with other values; undefined takes one away. */
  readonly href: (changes: FilterValues) => string;
  readonly change: (changes: FilterValues) => void;
}

export function useFilter(): FilterInUse {
  const { query, route } = useLocation();
  const key = queryString(pick(query));
  return useMemo(() => {
    const filter = pick(query);
    const href = (changes: FilterValues): string => `/calls${queryString({ ...filter, ...changes })}`;
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
