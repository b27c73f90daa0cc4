/** What became of the live page's calls while older pages are shown below it. */
import type { CallSummary } from '../../../src/contract/calls.ts';

/** How many calls a full page has. */
export const pageSize = 50;

/** What an update of the live page did to the calls that it had. */
export interface Left {
  /** Those that belong below it now. */
  readonly down: readonly CallSummary[];
  /** The ids of those that match no longer, or are deleted. */
  readonly gone: ReadonlySet<string>;
  /** Whether calls that were on neither page may have come between the page and `down`. */
  readonly isGap: boolean;
}

/**
 * Compares two states of the live page. `mayCease`: calls may cease to match the filter, as running ones do when they end. Then
 * only those at the end of the page were pushed off it.
 */
export function leftPage(
  before: readonly CallSummary[],
  now: readonly CallSummary[],
  mayCease: boolean,
): Left {
  const here = new Set(now.map((call) => call.call_id));
  const last = before.findLastIndex((call) => here.has(call.call_id));
  const isDown = (index: number): boolean => now.length >= pageSize && (!mayCease || index > last);
  const left = before.map((call, index) => ({ call, index })).filter(({ call }) => !here.has(call.call_id));
  const down = left.filter(({ index }) => isDown(index)).map(({ call }) => call);
  const gone = left.filter(({ index }) => !isDown(index)).map(({ call }) => call.call_id);
  const known = new Set(before.map((call) => call.call_id));
  return { down, gone: new Set(gone), isGap: down.length > 0 && !reaches(now, known) };
}

/** Whether a page goes down to calls that are known. Running ones come first, whatever has ended since. */
export function reaches(page: readonly CallSummary[], known: ReadonlySet<string>): boolean {
  const over = page.filter(({ status }) => status !== 'running');
  return (over.length > 0 ? over : page).some((call) => known.has(call.call_id));
}

/** Joins parts of the list. Of a call that is in several, the first one counts. */
export function joined(...parts: readonly (readonly CallSummary[])[]): CallSummary[] {
  const seen = new Set<string>();
  return parts.flat().filter(({ call_id: id }) => !seen.has(id) && seen.add(id));
}
