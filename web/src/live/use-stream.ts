/**
 * One EventSource, open while its page is there and its tab is seen. The browser reconnects after a lost connection by
 * itself; after a refusal (a node that starts, a full one) this does, ever more slowly.
 */
import { useEffect, useRef, useState } from 'preact/hooks';

export type StreamState = 'connecting' | 'live' | 'reconnecting' | 'ended';

const firstRetryMs = 1_000;
const longestRetryMs = 10_000;

/** `path` undefined: none. `onEvent` gets each event's name, data and id. */
export function useStream(
  path: string | undefined,
  names: readonly string[],
  onEvent: (name: string, data: unknown, id: string) => void,
): StreamState {
  const [state, setState] = useState<StreamState>('connecting');
  const handler = useRef(onEvent);
  handler.current = onEvent;
  const listened = names.join();

  useEffect(() => {
    if (path === undefined) return undefined;
    setState('connecting');
    return keepOpen(`/api/vps${path}`, listened.split(','), setState, (...event) =>
      handler.current(...event),
    );
  }, [path, listened]);
  return state;
}

function keepOpen(
  url: string,
  names: readonly string[],
  setState: (state: StreamState) => void,
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
  const end = (): void => {
    ended = true;
    close();
    setState('ended');
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
      if (opened.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(open, retryMs);
      retryMs = Math.min(2 * retryMs, longestRetryMs);
    };
    for (const name of names)
      opened.addEventListener(name, (event) =>
        onEvent(name, JSON.parse(event.data as string), event.lastEventId),
      );
    opened.addEventListener('end', end);
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
