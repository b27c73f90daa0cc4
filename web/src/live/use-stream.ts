/**
 * One EventSource, open while its page is there and its tab is seen. The browser reconnects after a lost connection by
 * itself; after a refusal that passes (a node that starts, a full one) this does, ever more slowly. Any other ends it.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { refusalOf, type Problem } from '../http.ts';

export type StreamState = 'connecting' | 'live' | 'reconnecting' | 'ended' | 'refused';

export interface Stream {
  readonly state: StreamState;
  /** Why it was refused. */
  readonly problem: Problem | undefined;
}

const firstRetryMs = 1_000;
const longestRetryMs = 10_000;

/** `path` undefined: none. `onEvent` gets each event's name, data and id. */
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
    return keepOpen(`/api/vps${path}`, listened.split(','), setStream, (...event) =>
      handler.current(...event),
    );
  }, [path, listened]);
  return stream;
}

const connecting: Stream = { state: 'connecting', problem: undefined };

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
  const tell = (state: StreamState): void => setStream({ state, problem: undefined });
  const end = (last: Stream): void => {
    ended = true;
    close();
    setStream(last);
  };
  const askAgain = async (refused: EventSource): Promise<void> => {
    const problem = await refusalOf(url);
    if (source !== refused) return; // Left, or opened anew, meanwhile.
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
      tell('live');
    };
    opened.onerror = () => {
      tell('reconnecting');
      if (opened.readyState === EventSource.CLOSED) void askAgain(opened);
    };
    for (const name of names)
      opened.addEventListener(name, (event) =>
        onEvent(name, JSON.parse(event.data as string), event.lastEventId),
      );
    opened.addEventListener('end', () => end({ state: 'ended', problem: undefined }));
  };
  const follow = (): void => {
    if (ended) return;
    close();
    if (!document.hidden) open();
  };
  document.addEventListener('visibilitychange', follow);
  follow();
  return () => {
    document.removeEventListener('visibilitychange', follow);
    close();
  };
}
