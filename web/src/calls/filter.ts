/** The filter and the order of the list of calls. They are in the URL, so that a link to the list can be shared. */
import { useMemo } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { FilterValues } from '../api.ts';
import { pageLink } from '../links.ts';
import { queryString } from '../urls.ts';

/** What exports and batches select by, too. */
const plainNames = [
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
/** What only lists and counts select by, besides members of the metadata. */
const searchNames = ['asked', 'failed_over', 'resolved', 'prompt_contains'] as const;
const orderNames = ['sort', 'order'] as const;
export type FilterName = (typeof plainNames | typeof searchNames)[number];

/** The beginning of the names of filters by a member of the metadata. */
export const metadataPrefix = 'metadata.';

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
  /** The order as the URL states it: `sort` and `order`. */
  readonly order: FilterValues;
  /** The filter and the order as the API takes them: spans are replaced by times. */
  readonly asked: FilterValues;
  /** The filter as exports and batches take it. Undefined if they do not select by all of it. */
  readonly plain: FilterValues | undefined;
  /** Whether it selects by the content of calls. Then a page may have fewer calls than it could, and others follow. */
  readonly byContent: boolean;
  /** Returns the URL of the list with these values changed. A value of undefined removes that filter. */
  readonly href: (changes: FilterValues) => string;
  /** Goes to the URL that `href` returns and replaces the current one in the browser's history. */
  readonly change: (changes: FilterValues) => void;
}

/** Reads the filter from the URL. */
export function useFilter(): FilterInUse {
  const { query, route } = useLocation();
  const key = queryString({ ...filterIn(query), ...pick(query, orderNames) });
  return useMemo(() => {
    const filter = filterIn(query);
    const order = pick(query, orderNames);
    const href = (changes: FilterValues): string => pageLink('/calls', { ...filter, ...order, ...changes });
    const asked = asApiTakes(filter, Date.now());
    const isPlain = Object.keys(filter).every((name) => plainNames.some((one) => one === name));
    return {
      filter,
      order,
      asked: { ...asked, ...order },
      plain: isPlain ? asked : undefined,
      byContent: Object.keys(filter).some((name) => name === 'prompt_contains' || isMember(name)),
      href,
      change: (changes) => route(href(changes), true),
    };
  }, [key]);
}

/** Whether a query has any filter of the list. */
export const isFiltered = (query: FilterValues): boolean => Object.keys(filterIn(query)).length > 0;

/** The filters of a query, those by metadata included. */
function filterIn(query: FilterValues): FilterValues {
  const members = Object.keys(query).filter(isMember);
  return pick(query, [...plainNames, ...searchNames, ...members]);
}

const isMember = (name: string): boolean => name.startsWith(metadataPrefix);

function pick(query: FilterValues, names: readonly string[]): FilterValues {
  return Object.fromEntries(names.filter((name) => query[name]).map((name) => [name, query[name]] as const));
}

function asApiTakes(filter: FilterValues, nowMs: number): FilterValues {
  const span = spans[filter['since'] ?? ''];
  return span ? { ...filter, since: new Date(nowMs - span.ms).toISOString() } : filter;
}
