import { useEffect, useState } from 'preact/hooks';
import { api } from '../api.ts';
import { asProblem, type Problem } from '../http.ts';
import { retryMs } from '../live/use-loaded.ts';

interface Found {
  readonly ids: readonly string[];
  readonly cursor: string | undefined;
  readonly done: boolean;
  readonly problem?: Problem;
}

const enough = 50;
/** A page of the API has 200 ids; a search goes no further by itself. */
const maxPagesAtOnce = 10;

/** Ids that begin with `prefix`, page by page until there are enough to show; `more` goes on from there. */
export function useSessionIds(prefix: string) {
  const [found, setFound] = useState<Found>();
  const reload = (): void =>
    void search(prefix, { ids: [], cursor: undefined, done: false }, new AbortController().signal, setFound);
  useEffect(() => {
    const stop = new AbortController();
    setFound(undefined);
    void search(prefix, { ids: [], cursor: undefined, done: false }, stop.signal, setFound);
    return () => stop.abort();
  }, [prefix]);
  const away = found?.problem?.transient === true;
  useEffect(() => {
    if (!away) return undefined;
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
  const ids = [...from.ids];
  let { cursor } = from;
  try {
    for (let pages = 0; pages < maxPagesAtOnce; pages++) {
      const page = await api.sessions(cursor);
      if (signal.aborted) return;
      ids.push(...page.sessions.map((one) => one.session_id).filter((id) => id.startsWith(prefix)));
      cursor = page.next_cursor ?? undefined;
      if (cursor === undefined || ids.length >= from.ids.length + enough) break;
    }
    onFound({ ids, cursor, done: cursor === undefined });
  } catch (error) {
    if (!signal.aborted) onFound({ ...from, problem: asProblem(error) });
  }
}
