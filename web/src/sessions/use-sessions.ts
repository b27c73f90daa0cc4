import { useEffect, useState } from 'preact/hooks';
import type { SessionList } from '../../../src/contract/sessions.ts';
import { api } from '../api.ts';
import { asProblem, type Problem } from '../http.ts';
import { useKept } from '../live/use-kept.ts';
import { retryMs } from '../live/use-loaded.ts';
import { useRepeated } from '../live/use-repeated.ts';

export type ListedSession = SessionList['sessions'][number];

interface Found {
  readonly prefix: string;
  readonly sessions: readonly ListedSession[];
  readonly cursor: string | undefined;
  readonly done: boolean;
  readonly problem?: Problem;
}

/** A search stops once it has found this many new matches. */
const matchesPerSearch = 50;
/** A search reads at most this many pages of the API, of 200 ids each. */
const maxPagesAtOnce = 10;
const refreshMs = 10_000;

/**
 * Finds the sessions whose ids begin with `prefix`, 50 or more at a time. `more` continues the search, `reload` starts it again.
 * Without a prefix the sessions come with their details, and the first page is read again every 10 s.
 */
export function useSessions(prefix: string) {
  const [kept, setKept] = useKept<Found | undefined>('sessions', undefined);
  const [stopped] = useState(() => new AbortController());
  const found = kept?.prefix === prefix ? kept : undefined;
  const start: Found = { prefix, sessions: [], cursor: undefined, done: false };
  const set = (next: Found): void => setKept(() => next);
  const reload = (): void => void search(start, stopped.signal, set);
  useEffect(() => () => stopped.abort(), []);
  useEffect(() => {
    const stop = new AbortController();
    if (!found || found.problem) void search(start, stop.signal, set);
    return () => stop.abort();
  }, [prefix]);
  const isTransient = found?.problem?.transient === true;
  useEffect(() => {
    if (!isTransient) return undefined;
    const timer = setTimeout(reload, retryMs);
    return () => clearTimeout(timer);
  }, [found]);
  useRepeated(refreshMs, async () => {
    if (prefix !== '' || !found || found.problem) return;
    const newest = await api.sessionsInDetail().catch(() => undefined);
    if (!newest || stopped.signal.aborted) return;
    setKept((before) => before && { ...before, sessions: merged(newest, before.sessions) });
  });
  const more = (): void => {
    if (found) void search(found, stopped.signal, set);
  };
  return { found, more, reload };
}

const keyOf = ({ project, session_id: id }: ListedSession): string => `${project} ${id}`;

/** Puts the newest page before those that it pushed down. Others of it that it no longer has are deleted. */
function merged({ sessions, next_cursor: next }: SessionList, before: readonly ListedSession[]) {
  const seen = new Set(sessions.map(keyOf));
  const last = before.slice(0, sessions.length).findLastIndex((one) => seen.has(keyOf(one)));
  const below = next === null ? [] : before.slice(last + 1);
  return [...sessions, ...below.filter((one) => !seen.has(keyOf(one)))];
}

async function search(from: Found, signal: AbortSignal, onFound: (found: Found) => void): Promise<void> {
  const { prefix } = from;
  const sessions = [...from.sessions];
  let { cursor } = from;
  try {
    for (let pages = 0; pages < maxPagesAtOnce; pages++) {
      const page = await (prefix === '' ? api.sessionsInDetail(cursor) : api.sessions(cursor));
      if (signal.aborted) return;
      sessions.push(...page.sessions.filter((one) => one.session_id.startsWith(prefix)));
      cursor = page.next_cursor ?? undefined;
      if (cursor === undefined || sessions.length >= from.sessions.length + matchesPerSearch) break;
    }
    onFound({ prefix, sessions, cursor, done: cursor === undefined });
  } catch (error) {
    if (!signal.aborted) onFound({ ...from, problem: asProblem(error) });
  }
}
