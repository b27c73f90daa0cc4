import { useEffect, useState } from 'preact/hooks';
import type { CallSummary } from '../../../src/contract/calls.ts';
import { api, type FilterValues } from '../api.ts';
import { asProblem, type Problem } from '../http.ts';

interface Older {
  readonly calls: readonly CallSummary[];
  /** The cursor of the next page: undefined before the first page is loaded, null after the last one. */
  readonly cursor: string | null | undefined;
  readonly problem?: Problem;
}
const none: Older = { calls: [], cursor: undefined };

/** Loads the pages of calls that follow the live page. Each `load` adds one page. */
export function useOlderCalls(asked: FilterValues) {
  const [older, setOlder] = useState(none);
  const [busy, setBusy] = useState(false);
  useEffect(() => setOlder(none), [asked]);

  const load = async (): Promise<void> => {
    setBusy(true);
    try {
      const cursor = older.cursor ?? (await api.calls(asked)).next_cursor;
      const page = cursor === null ? { calls: [], next_cursor: null } : await api.calls(asked, cursor);
      setOlder((before) => ({ calls: [...before.calls, ...page.calls], cursor: page.next_cursor }));
    } catch (error) {
      setOlder((before) => ({ ...before, problem: asProblem(error) }));
    }
    setBusy(false);
  };
  return { ...older, busy, load: () => void load() };
}
