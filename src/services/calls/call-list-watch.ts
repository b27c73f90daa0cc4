/** Polls a list of calls, once for all clients that follow it live (lib/shared-watch.ts). */
import { isDeepStrictEqual } from 'node:util';
import type { CallFilter } from './call-filter.ts';
import type { CallCounts, CallRecords } from './call-records.ts';
import type { CallSummary } from './call-summary.ts';
import { delay } from '../../lib/delay.ts';
import type { Watcher } from '../../lib/shared-watch.ts';
import { isUnanswered } from '../temporal/rpc.ts';

const pollEveryMs = 1_000;

/** The first page of the calls that match a filter. */
export interface WatchedList {
  readonly filter: CallFilter;
  readonly limit: number;
}

/** The first page of a list, and how many calls match its filter. */
export interface LiveList {
  readonly calls: readonly CallSummary[];
  readonly counts: CallCounts;
}

/** Publishes the list at once and after every change. Throws `Refusal` if the first read fails. */
export function watchList(records: CallRecords): Watcher<WatchedList, LiveList> {
  return async ({ filter, limit }, publish, signal) => {
    let latest: LiveList | undefined;
    while (!signal.aborted) {
      try {
        const [page, counts] = await Promise.all([records.list(filter, { limit }), records.counts(filter)]);
        const list = { calls: page.items, counts };
        if (!isDeepStrictEqual(list, latest)) publish((latest = list));
      } catch (error) {
        // While Temporal is unavailable, new followers are refused and the present ones wait.
        if (!isUnanswered(error) || !latest) throw error;
      }
      await delay(pollEveryMs, signal);
    }
  };
}
