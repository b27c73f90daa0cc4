/**
 * One EventSource, open while its page is rendered and its tab is visible. The browser itself reconnects after a lost
 * connection. After a transient refusal (the node is starting or has too many streams) `keepOpen` reconnects, with backoff. Any
 * other refusal ends the stream.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { refusalOf, type Problem } from '../http.ts';
import { apiLink } from '../links.ts';

/** `ended`: the node sent its last event. `refused`: the node refused the stream for good. */
export type StreamState = 'connecting' | 'live' | 'reconnecting' | 'ended' | 'refused';

/** The state of a stream. */
export interface Stream {
  readonly state: StreamState;
  /** Why the node refused the stream. Set only in the state `refused`. */
  readonly problem: Problem | undefined;
}

const firstRetryMs = 1_000;
const longestRetryMs = 10_000;

/**
 * Opens the stream at `path`, or no stream if `path` is undefined. `names` are the events to listen for; `onEvent` gets the
 * name, parsed data and id of each.
 */
export function useStream(
  path: string | undefined,
  names: readonly string[],
  onEvent: (name: string, data: unknown, id: string) => void,
): Stream {
  const [stream, setStream] = useState<Stream>(connecting);
  const handler = useRef(onEvent);
  handler.current = onEvent;
  const listened = names.join();

  useEffect(() => {
    if (path === undefined) return undefined;
    setStream(connecting);
    return keepOpen(apiLink(path), listened.split(','), setStream, (...event) => handler.current(...event));
  }, [path, listened]);
  return stream;
}

const connecting: Stream = { state: 'connecting', problem: undefined };

/** Opens the stream and keeps it open. Returns a function that closes it. */
function keepOpen(
  url: string,
  names: readonly string[],
  setStream: (stream: Stream) => void,
  onEvent: (name: string, data: unknown, id: string) => void,
): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let retryMs = firstRetryMs;
  let ended = false;
  const close = (): void => {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  };
  const setState = (state: StreamState): void => setStream({ state, problem: undefined });
  const end = (last: Stream): void => {
    ended = true;
    close();
    setStream(last);
  };
  const retryUnlessRefused = async (refused: EventSource): Promise<void> => {
    const problem = await refusalOf(url);
    if (source !== refused) return; // The stream was closed or opened again meanwhile.
    if (problem) {
      end({ state: 'refused', problem });
      return;
    }
    timer = setTimeout(open, retryMs);
    retryMs = Math.min(2 * retryMs, longestRetryMs);
  };
  const open = (): void => {
    const opened = new EventSource(url);
    source = opened;
    opened.onopen = () => {
      retryMs = firstRetryMs;
      setState('live');
    };
    opened.onerror = () => {
      setState('reconnecting');
      if (opened.readyState === EventSource.CLOSED) void retryUnlessRefused(opened);
    };
    for (const name of names)
      opened.addEventListener(name, (event) =>
        onEvent(name, JSON.parse(event.data as string), event.lastEventId),
      );
    opened.addEventListener('end', () => end({ state: 'ended', problem: undefined }));
  };
  const syncWithVisibility = (): void => {
    if (ended) return;
    close();
    if (!document.hidden) open();
  };
  document.addEventListener('visibilitychange', syncWithVisibility);
  syncWithVisibility();
  return () => {
    document.removeEventListener('visibilitychange', syncWithVisibility);
    close();
  };
}
