/** Polls a list of calls, once for all clients that follow it live (lib/shared-watch.ts). */
import { isDeepStrictEqual } from 'node:util';
import { delay } from '../../lib/delay.ts';
import type { Watcher } from '../../lib/shared-watch.ts';
import { asksForContent, type CallSearch } from './call-search.ts';
import type { Covers } from './candidates.ts';
import type { FindCalls, FoundCounts, ListWish } from './find-calls.ts';
import type { FoundCall } from '../calls/call-summary.ts';
import { isUnanswered } from '../temporal/rpc.ts';

const pollEveryMs = 1_000;
/** If the content of calls decides. Each poll may read many histories. */
const pollContentEveryMs = 10_000;

/** The first page of the calls that match a search. */
export interface WatchedList {
  readonly search: CallSearch;
  readonly wish: Omit<ListWish, 'cursor'>;
}

/** The first page of a list, and how many calls match its filter. */
export interface LiveList {
  readonly calls: readonly FoundCall[];
  readonly counts: FoundCounts;
  readonly covers: Covers | undefined;
}

/** Publishes the list at once and after every change. Throws `Refusal` if the first read fails. */
export function watchList(find: FindCalls): Watcher<WatchedList, LiveList> {
  return async ({ search, wish }, publish, signal) => {
    let latest: LiveList | undefined;
    while (!signal.aborted) {
      try {
        const page = await find.list(search, wish);
        const counts = await find.counts(search);
        const list = { calls: page.items, counts, covers: page.covers };
        if (!isDeepStrictEqual(withoutTime(list), latest && withoutTime(latest))) publish(list);
        latest = list;
      } catch (error) {
        // While Temporal is unavailable, new followers are refused and the present ones wait.
        if (!isUnanswered(error) || !latest) throw error;
      }
      await delay(asksForContent(search) ? pollContentEveryMs : pollEveryMs, signal);
    }
  };
}

/** Leaves out up to when the list is complete, which goes on while nothing happens. */
function withoutTime({ calls, counts, covers }: LiveList): unknown {
  const steady = (covered: Covers | undefined) => covered && { ...covered, completeUntil: 0 };
  return { calls, counts: { ...counts, covers: steady(counts.covers) }, covers: steady(covers) };
}
