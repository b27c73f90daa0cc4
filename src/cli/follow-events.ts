/** Server-sent events of a node, read to their end across lost connections and restarts of the node. */
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { delay } from '../lib/delay.ts';
import { CliError, ProblemError } from './errors.ts';
import type { NodeClient } from './http.ts';
import { fromNode } from './save-stream.ts';

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
  let begun = false;
  let awaySince: number | undefined;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    try {
      const body = await connect(client, path, lastId, signal);
      begun = true;
      awaySince = undefined;
      for await (const { id, event = 'message', data } of messagesOf(fromNode(body, client.url))) {
        lastId = id ?? lastId;
        pauseMs = firstPauseMs;
        if (event === 'end') return;
        yield { event, data: JSON.parse(data) as unknown };
      }
    } catch (error) {
      signal.throwIfAborted();
      // What cannot be begun is told at once; what was under way is taken up again.
      awaySince ??= Date.now();
      if (!begun || !isTransient(error) || Date.now() - awaySince > client.reconnectMs) throw error;
    }
    await delay(pauseMs, signal);
    signal.throwIfAborted();
  }
}

async function connect(
  client: NodeClient,
  path: string,
  lastId: string | undefined,
  signal: AbortSignal,
): Promise<AsyncIterable<unknown>> {
  const headers = { Accept: 'text/event-stream', ...(lastId !== undefined && { 'Last-Event-ID': lastId }) };
  return (await client.open('GET', path, { headers, timeoutMs: 'none', silenceMs, signal })).body;
}

async function* messagesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<EventSourceMessage> {
  const arrived: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => arrived.push(message) });
  const decoder = new TextDecoder();
  for await (const chunk of chunks) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* arrived.splice(0);
  }
}

/** A node that restarts, or is busy: it is worth to come again. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ProblemError) return [429, 503].includes(error.problem.status);
  return error instanceof CliError && error.exit === 'unreachable';
}
