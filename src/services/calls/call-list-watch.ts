/** Looks at one list of calls again and again, for all who see it live. */
import { isDeepStrictEqual } from 'node:util';
import type { CallFilter } from './call-filter.ts';
import type { CallCounts, CallRecords } from './call-records.ts';
import type { CallSummary } from './call-summary.ts';
import { delay } from '../../lib/delay.ts';
import type { Watcher } from '../../lib/shared-watch.ts';
import { isUnanswered } from '../temporal/rpc.ts';

const lookEveryMs = 1_000;

export interface WatchedList {
  readonly filter: CallFilter;
  readonly limit: number;
}

/** The first page, and how many there are behind it. */
export interface LiveList {
  readonly calls: readonly CallSummary[];
  readonly counts: CallCounts;
}

/** The list as it is and whenever it has changed. */
export function watchList(records: CallRecords): Watcher<WatchedList, LiveList> {
  return async ({ filter, limit }, publish, signal) => {
    let latest: LiveList | undefined;
    while (!signal.aborted) {
      try {
        const [page, counts] = await Promise.all([records.list(filter, { limit }), records.counts(filter)]);
        const list = { calls: page.items, counts };
        if (!isDeepStrictEqual(list, latest)) publish((latest = list));
      } catch (error) {
        // Who comes while Temporal is away is refused; who is there already waits for it.
        if (!isUnanswered(error) || !latest) throw error;
      }
      await delay(lookEveryMs, signal);
    }
  };
}
