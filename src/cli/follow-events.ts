/** Reads a node's server-sent events to their end. Reconnects after lost connections and restarts of the node. */
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { delay } from '../lib/delay.ts';
import { CliError, ProblemError } from './errors.ts';
import type { NodeClient } from './http.ts';
import { fromNode } from './save-stream.ts';

/** A connection that is silent for this long counts as dead, because the node sends a comment every 15 s. */
const silenceMs = 45_000;
const firstPauseMs = 250;
const longestPauseMs = 5_000;

/** One server-sent event: its name and its data, parsed as JSON. */
export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
}

/**
 * Yields the events at `path` until the event `end`. After a reconnect it continues after the last event, so no event is
 * yielded twice. Throws if the first connection fails, if the node refuses for a reason that is not transient, if the node
 * cannot be reached again within `client.reconnectMs`, and when `signal` aborts.
 */
export async function* followEvents(
  client: NodeClient,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  let lastId: string | undefined;
  let connectedOnce = false;
  let awaySince: number | undefined;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    try {
      const body = await connect(client, path, lastId, signal);
      connectedOnce = true;
      awaySince = undefined;
      for await (const { id, event = 'message', data } of messagesOf(fromNode(body, client.url))) {
        lastId = id ?? lastId;
        pauseMs = firstPauseMs;
        if (event === 'end') return;
        yield { event, data: JSON.parse(data) as unknown };
      }
    } catch (error) {
      signal.throwIfAborted();
      // A first connection that fails is reported at once; only a lost connection is restored.
      awaySince ??= Date.now();
      if (!connectedOnce || !isTransient(error) || Date.now() - awaySince > client.reconnectMs) throw error;
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

/** Whether a repeated request may succeed: the node cannot be reached, is starting, or is busy. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ProblemError) return [429, 503].includes(error.problem.status);
  return error instanceof CliError && error.exit === 'unreachable';
}
