import { useEffect, useRef, useState } from 'preact/hooks';
import type { CallSummary } from '../../../src/contract/calls.ts';
import { api, type FilterValues } from '../api.ts';
import { asProblem, type Problem } from '../http.ts';
import { useKept } from '../live/use-kept.ts';
import { useRepeated } from '../live/use-repeated.ts';
import { joined, leftPage, reaches } from './left-page.ts';

interface Older {
  /** The calls from the first page on, as it was when older ones were asked for. */
  readonly calls: readonly CallSummary[];
  /** The cursor of the next page: undefined before the first page is loaded, null after the last one. */
  readonly cursor: string | null | undefined;
  /** What the pages were asked for with. The cursor is good for that only, and a span names another time later. */
  readonly asked?: FilterValues;
  readonly problem?: Problem;
}
const none: Older = { calls: [], cursor: undefined };

const refreshMs = 5_000;
const mostRefreshed = 20;
/** So many pages are loaded to reach the known calls again. If that is not enough, the list begins anew. */
const maxPagesBetween = 10;

/**
 * Loads the pages of calls that follow the live page. Each `load` adds one page. Calls that leave the live page later are kept,
 * and those between it and them are loaded, so that the list has no hole.
 */
export function useOlderCalls(asked: FilterValues, live: readonly CallSummary[] | undefined) {
  const [older, setOlder] = useKept('older', none);
  const [busy, setBusy] = useState(false);

  const load = async (): Promise<void> => {
    setBusy(true);
    try {
      const shown = older.asked ?? { ...asked, include: 'prompt' };
      const first = older.cursor === undefined ? await api.calls(shown) : undefined;
      const cursor = first ? first.next_cursor : (older.cursor ?? null);
      const page = cursor === null ? { calls: [], next_cursor: null } : await api.calls(shown, cursor);
      setOlder((before) => ({
        calls: joined(before.calls, first?.calls ?? [], page.calls),
        cursor: page.next_cursor,
        asked: shown,
      }));
    } catch (error) {
      setOlder((before) => ({ ...before, problem: asProblem(error) }));
    }
    setBusy(false);
  };

  const fill = async (from: CallSummary, known: ReadonlySet<string>): Promise<void> => {
    try {
      const between = await callsUpTo(known, { ...asked, include: 'prompt' });
      setOlder((before) => {
        const at = before.calls.findIndex((call) => call.call_id === from.call_id);
        if (!between) return none;
        return { ...before, calls: joined(before.calls.slice(0, at), between, before.calls.slice(at)) };
      });
    } catch (error) {
      setOlder((before) => ({ ...before, problem: asProblem(error) }));
    }
  };

  const last = useRef<{ asked: FilterValues; calls: readonly CallSummary[] }>(undefined);
  useEffect(() => {
    const before = last.current?.asked === asked ? last.current.calls : [];
    last.current = { asked, calls: live ?? [] };
    if (older.cursor === undefined || !live) return;
    const mayCease = asked['status'] === 'running' || asked['resolved'] === 'false';
    const { down, gone, isGap } = leftPage(before, live, mayCease);
    if (down.length + gone.size === 0) return;
    setOlder((present) => ({
      ...present,
      calls: joined(down, present.calls).filter((call) => !gone.has(call.call_id)),
    }));
    const [from] = down;
    if (from && isGap) void fill(from, new Set([...before, ...older.calls].map((call) => call.call_id)));
  }, [asked, live]);

  useRepeated(refreshMs, async () => {
    const onPage = new Set(live?.map((call) => call.call_id));
    const running = older.calls.filter((call) => call.status === 'running' && !onPage.has(call.call_id));
    if (running.length === 0) return;
    const asNow = await Promise.all(running.slice(0, mostRefreshed).map(refreshed));
    setOlder((before) => {
      const newer = new Map(asNow.map((call) => [call.call_id, call]));
      const calls = before.calls.map((call) => newer.get(call.call_id) ?? call);
      const isMatch = ({ status }: CallSummary) => asked['status'] !== 'running' || status === 'running';
      return { ...before, calls: calls.filter(isMatch) };
    });
  });
  return { ...older, busy, load: () => void load() };
}

/** Loads pages from the newest call on until one reaches the known ones. Returns undefined if that takes too many. */
async function callsUpTo(
  known: ReadonlySet<string>,
  asked: FilterValues,
): Promise<CallSummary[] | undefined> {
  const found: CallSummary[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < maxPagesBetween; pages++) {
    const page = await api.calls(asked, cursor);
    found.push(...page.calls);
    cursor = page.next_cursor ?? undefined;
    if (cursor === undefined || reaches(page.calls, known)) return found;
  }
  return undefined;
}

/** The call as it is now; as it was if that cannot be loaded. */
async function refreshed(call: CallSummary): Promise<CallSummary> {
  try {
    const { status, answered_by, error_type, ended_at, duration_ms, resolved } = await api.call(call.call_id);
    return { ...call, status, answered_by, error_type, ended_at, duration_ms, resolved };
  } catch {
    return call;
  }
}
