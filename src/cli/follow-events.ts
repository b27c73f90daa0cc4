/** Server-sent events of a node, read to their end across lost connections and restarts of the node. */
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { CliError, ProblemError } from './errors.ts';
import type { NodeClient } from './http.ts';

/** The node sends a comment every 15 s: a connection that is silent for longer than this is dead. */
const silenceMs = 45_000;
const firstPauseMs = 250;
const longestPauseMs = 5_000;

export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
}

/** Ends after the event `end`. Throws once the node stays away, or refuses. */
export async function* followEvents(
  client: NodeClient,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  let lastId: string | undefined;
  let lastHeard: number | undefined;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    try {
      for await (const { id, event = 'message', data } of connection(client, path, lastId, signal)) {
        lastId = id ?? lastId;
        lastHeard = Date.now();
        pauseMs = firstPauseMs;
        if (event === 'end') return;
        yield { event, data: JSON.parse(data) as unknown };
      }
      lastHeard ??= Date.now();
    } catch (error) {
      signal.throwIfAborted();
      // What cannot be begun is told at once; what was under way is taken up again.
      if (lastHeard === undefined || !isPassing(error)) throw error;
      if (Date.now() - lastHeard > client.reconnectMs) throw error;
    }
    await pause(pauseMs, signal);
  }
}

async function* connection(
  client: NodeClient,
  path: string,
  lastId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<EventSourceMessage> {
  const { body } = await client.open('GET', path, {
    headers: { Accept: 'text/event-stream', ...(lastId !== undefined && { 'Last-Event-ID': lastId }) },
    timeoutMs: 'none',
    silenceMs,
    signal,
  });
  const arrived: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => arrived.push(message) });
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
    yield* arrived.splice(0);
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof ProblemError) return error.problem.status === 429 || error.problem.status === 503;
  return !(error instanceof CliError) || error.exit === 'unreachable';
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
}
