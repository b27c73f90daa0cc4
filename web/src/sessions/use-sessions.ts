import { useEffect, useState } from 'preact/hooks';
import type { SessionList } from '../../../src/contract/sessions.ts';
import { api } from '../api.ts';
import { asProblem, type Problem } from '../http.ts';
import { retryMs } from '../live/use-loaded.ts';

interface Found {
  readonly sessions: SessionList['sessions'];
  readonly cursor: string | undefined;
  readonly done: boolean;
  readonly problem?: Problem;
}

/** A search stops once it has found this many new matches. */
const matchesPerSearch = 50;
/** A search reads at most this many pages of the API, of 200 ids each. */
const maxPagesAtOnce = 10;

/**
 * Finds the sessions whose ids begin with `prefix`, 50 or more at a time. `more` continues the search, `reload` starts it again.
 */
export function useSessions(prefix: string) {
  const [found, setFound] = useState<Found>();
  const reload = (): void =>
    void search(
      prefix,
      { sessions: [], cursor: undefined, done: false },
      new AbortController().signal,
      setFound,
    );
  useEffect(() => {
    const stop = new AbortController();
    setFound(undefined);
    void search(prefix, { sessions: [], cursor: undefined, done: false }, stop.signal, setFound);
    return () => stop.abort();
  }, [prefix]);
  const isTransient = found?.problem?.transient === true;
  useEffect(() => {
    if (!isTransient) return undefined;
    const timer = setTimeout(reload, retryMs);
    return () => clearTimeout(timer);
  }, [found]);
  const more = (): void => {
    if (found) void search(prefix, found, new AbortController().signal, setFound);
  };
  return { found, more, reload };
}

async function search(
  prefix: string,
  from: Found,
  signal: AbortSignal,
  onFound: (found: Found) => void,
): Promise<void> {
  const sessions = [...from.sessions];
  let { cursor } = from;
  try {
    for (let pages = 0; pages < maxPagesAtOnce; pages++) {
      const page = await api.sessions(cursor);
      if (signal.aborted) return;
      sessions.push(...page.sessions.filter((one) => one.session_id.startsWith(prefix)));
      cursor = page.next_cursor ?? undefined;
      if (cursor === undefined || sessions.length >= from.sessions.length + matchesPerSearch) break;
    }
    onFound({ sessions, cursor, done: cursor === undefined });
  } catch (error) {
    if (!signal.aborted) onFound({ ...from, problem: asProblem(error) });
  }
}
