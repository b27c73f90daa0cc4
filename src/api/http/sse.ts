/** Server-sent events: opens every stream of this node, limits their number, keeps them alive, and ends them at the drain. */
import { once } from 'node:events';
import { createEventBuffer } from 'better-sse';
import type { Request, Response } from 'express';
import { Refusal } from '../../domain/failures.ts';
import type { Drain } from './drain.ts';
import { streamed } from './endpoint.ts';

/**
 * How often a stream sends a comment so that it is not silent. It is well below the minute after which proxies close a silent
 * connection.
 */
const heartbeatMs = 15_000;
/** How long a client waits before it reconnects after it has lost its stream. */
const reconnectMs = 2_000;
const headers = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
} as const;

/** One open stream of events. */
export interface EventStream {
  /** The id of the last event that the client has received, according to its request. */
  readonly lastEventId: string | undefined;
  /** Aborts when the client disconnects or the node begins to drain. */
  readonly signal: AbortSignal;
  /** Sends `data` as JSON. Resolves when the client can take more. Does nothing if the client has disconnected. */
  send(event: string, data: unknown, id?: string): Promise<void>;
  /** Ends the response. The client reconnects, unless the event `end` was sent. */
  close(): void;
}

/** Opens the node's streams, up to a limit. */
export class Streams {
  private readonly max: number;
  private readonly drain: Drain;
  private open = 0;

  constructor(max: number, drain: Drain) {
    this.max = max;
    this.drain = drain;
  }

  /**
   * Reserves a place for a stream until its response ends. Throws the refusal `overloaded` at the limit, and `shutting_down`
   * while the node drains.
   */
  reserve(response: Response): void {
    if (this.drain.draining)
      throw new Refusal('shutting_down', 'This node is stopping; connect to another node', {
        retryAfterSeconds: 5,
      });
    if (this.open >= this.max)
      throw new Refusal('overloaded', `This node has ${this.open} streams open, its limit`, {
        retryAfterSeconds: 5,
        limit: { name: 'streams', quota: this.max },
      });
    if (response.closed) return;
    this.open += 1;
    response.once('close', () => (this.open -= 1));
  }

  /** Opens a stream whose place was reserved: sends the status and the headers, and then heartbeats. */
  openStream(request: Request, response: Response): EventStream {
    const gone = new AbortController();
    const beat = (): boolean => response.write(createEventBuffer().comment().dispatch().read());
    const heartbeat = setInterval(beat, heartbeatMs);
    const onClose = (): void => {
      clearInterval(heartbeat);
      gone.abort();
    };
    if (response.closed) onClose();
    else response.once('close', onClose);
    response.status(200).set(headers).flushHeaders();
    response.write(createEventBuffer().retry(reconnectMs).dispatch().read());
    return {
      lastEventId: request.header('Last-Event-ID'),
      ...sender(response, AbortSignal.any([gone.signal, this.drain.begun])),
    };
  }
}

/**
 * Opens a stream and calls `each` with every value, until the values end or the client disconnects. The first value is awaited
 * before the status is sent, so an error before it is answered as a problem document.
 */
export async function streamValues<V>(
  streams: Streams,
  request: Request,
  response: Response,
  follow: (signal: AbortSignal) => AsyncGenerator<V>,
  each: (stream: EventStream, value: V) => Promise<void>,
): Promise<typeof streamed> {
  streams.reserve(response);
  const over = new AbortController();
  response.once('close', () => over.abort());
  const values = follow(over.signal);
  try {
    const first = await values.next();
    const stream = streams.openStream(request, response);
    stream.signal.addEventListener('abort', () => over.abort(), { once: true });
    if (!first.done) await each(stream, first.value);
    for await (const value of values) await each(stream, value);
    stream.close();
  } finally {
    await values.return(undefined);
  }
  return streamed;
}

function sender(response: Response, signal: AbortSignal): Omit<EventStream, 'lastEventId'> {
  return {
    signal,
    async send(event, data, id) {
      if (signal.aborted) return;
      const buffer = createEventBuffer().event(event);
      if (id !== undefined) buffer.id(id);
      const taken = response.write(buffer.data(data).dispatch().read());
      if (!taken) await once(response, 'drain', { signal }).catch(() => undefined);
    },
    close: () => void response.end(),
  };
}
