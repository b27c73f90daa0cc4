import { useRef, useState } from 'preact/hooks';
import type { Message, SessionPage } from '../../../src/contract/sessions.ts';
import { api } from '../api.ts';
import { asProblem, type Problem } from '../http.ts';
import { useLoaded } from '../live/use-loaded.ts';

interface Older {
  readonly session: string;
  /** Newest first, as the API sends them. */
  readonly messages: readonly Message[];
  readonly next: number | null;
  readonly problem?: Problem;
}

/** A session whose messages are loaded page by page, from the newest page on. */
export interface Transcribed {
  readonly session: SessionPage | undefined;
  readonly problem: Problem | undefined;
  /** The messages that were loaded so far, oldest first. */
  readonly messages: readonly Message[];
  readonly hasOlder: boolean;
  /** Loads the page before the first of `messages`. Does nothing while such a page is being loaded. */
  readonly loadOlder: () => void;
}

/** Loads a session with its newest messages; `loadOlder` continues. */
export function useTranscript(id: string): Transcribed {
  const { value: session, problem } = useLoaded(id, () => api.sessionPage(id));
  const [held, setOlder] = useState<Older>();
  const loading = useRef<string | undefined>(undefined);
  const older = held?.session === id ? held : undefined;
  const next = older ? older.next : (session?.next_before ?? null);

  const loadOlder = (): void => {
    if (next === null || loading.current === id) return;
    loading.current = id;
    const before = older?.messages ?? [];
    api
      .sessionPage(id, next)
      .then(
        (page) => setOlder({ session: id, messages: [...before, ...page.messages], next: page.next_before }),
        (error: unknown) => setOlder({ session: id, messages: before, next, problem: asProblem(error) }),
      )
      .finally(() => (loading.current = undefined));
  };
  const messages = [...(session?.messages ?? []), ...(older?.messages ?? [])].reverse();
  return { session, problem: problem ?? older?.problem, messages, hasOlder: next !== null, loadOlder };
}
