import { useRef, useState } from 'preact/hooks';
import type { LiveCalls } from '../../../src/contract/call-events.ts';
import type { Message, SessionPage } from '../../../src/contract/sessions.ts';
import { api } from '../api.ts';
import { asProblem, type Problem } from '../http.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { useRepeated } from '../live/use-repeated.ts';
import { useStream, type StreamState } from '../live/use-stream.ts';
import { queryString } from '../urls.ts';
import { joined, type Run } from './runs.ts';

interface Held {
  readonly session: string;
  readonly run: Run;
  readonly problem?: Problem;
}

/** Messages that belong to no call come without an event. */
const refreshMs = 10_000;

/** A session whose messages are loaded page by page, from the newest page on, and followed live. */
export interface Transcribed {
  readonly session: SessionPage | undefined;
  readonly problem: Problem | undefined;
  /** The messages that were loaded so far, oldest first. */
  readonly messages: readonly Message[];
  readonly hasOlder: boolean;
  /** Loads the page before the first of `messages`. Does nothing while such a page is being loaded. */
  readonly loadOlder: () => void;
  /** The session's calls that run, newest first. */
  readonly running: LiveCalls['calls'];
  readonly state: StreamState;
}

/** Loads a session with its newest messages; `loadOlder` continues. A call that begins or ends makes it load what is new. */
export function useTranscript(id: string): Transcribed {
  const [held, setHeld] = useState<Held>();
  const [calls, setCalls] = useState<{ session: string; running: LiveCalls['calls'] }>();
  const loading = useRef<string | undefined>(undefined);
  const add = (run: Run): void =>
    setHeld((before) => ({
      session: id,
      run: before?.session === id ? joined(before.run, run) : run,
    }));
  const {
    value: session,
    problem,
    reload,
  } = useLoaded(id, async () => {
    const page = await api.sessionPage(id);
    add(runOf(page, page.total_messages));
    return page;
  });
  useRepeated(refreshMs, reload);
  const path = session && `/calls/live${queryString({ session: id, limit: 20 })}`;
  const { state } = useStream(path, ['calls'], (_name, data) => {
    const running = (data as LiveCalls).calls.filter(({ status }) => status === 'running');
    setCalls({ session: id, running });
    void reload();
  });

  const current = held?.session === id ? held : undefined;
  const first = current?.run.first ?? 0;
  const loadOlder = (): void => {
    if (first === 0 || loading.current === id) return;
    loading.current = id;
    api
      .sessionPage(id, first)
      .then(
        (page) => add(runOf(page, first)),
        (error: unknown) => setHeld((before) => before && { ...before, problem: asProblem(error) }),
      )
      .finally(() => (loading.current = undefined));
  };
  return {
    session,
    problem: problem ?? current?.problem,
    messages: current?.run.messages ?? [],
    hasOlder: first > 0,
    loadOlder,
    running: calls?.session === id ? calls.running : [],
    state,
  };
}

/** The messages of a page, oldest first. `end`: how many messages of the session are before its end. */
function runOf(page: SessionPage, end: number): Run {
  return { first: end - page.messages.length, messages: page.messages.toReversed() };
}
