/**
 * Holds clients to progress. Node's own limits are totals: they let a trickling client stay for minutes, and end an honest long
 * upload. Who waits for an answer, or follows a stream of events, may do so for ever.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface ConnectionBounds {
  /** From the first byte of a request to the end of its head. */
  readonly headersMs: number;
  /** In each such span a body must bring `bodyBytesPerSecond` on average, at least one byte. */
  readonly bodyStallMs: number;
  readonly bodyBytesPerSecond: number;
  /** Without any request. */
  readonly idleMs: number;
  /** Beyond: the one that is idle longest is closed. */
  readonly maxIdle: number;
}

interface Connection {
  readonly socket: Socket;
  /** When it became idle, or its body last made enough progress. */
  since: number;
  /** What it had read by then. */
  bytes: number;
  /** When the first bytes of a head were seen that is not complete. */
  headSince?: number | undefined;
  /** Under way; without one it is idle. */
  exchange?: { readonly request: IncomingMessage; readonly response: ServerResponse } | undefined;
}

export function holdToProgress(server: Server, bounds: ConnectionBounds): void {
  server.headersTimeout = 0;
  server.requestTimeout = 0;
  server.keepAliveTimeout = bounds.idleMs;
  const all = new Map<Socket, Connection>();
  const idle = new Set<Connection>(); // The oldest first.

  const becomeIdle = (connection: Connection): void => {
    connection.exchange = undefined;
    beginAnew(connection);
    if (!all.has(connection.socket)) return;
    idle.add(connection);
    const [oldest] = idle;
    if (oldest && idle.size > bounds.maxIdle) oldest.socket.destroy();
  };
  server.on('connection', (socket: Socket) => {
    const connection: Connection = { socket, since: 0, bytes: 0 };
    all.set(socket, connection);
    socket.once('close', () => {
      all.delete(socket);
      idle.delete(connection);
    });
    becomeIdle(connection);
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const connection = all.get(request.socket);
    if (!connection) return;
    idle.delete(connection);
    beginAnew(connection);
    connection.exchange = { request, response };
    const over = (): void => {
      if (connection.exchange?.response === response) becomeIdle(connection); // Or the next one has come already.
    };
    response.once('close', () => {
      if (request.complete) over();
      else request.once('close', over);
    });
  });
  lookAgain(server, all, bounds);
}

function lookAgain(server: Server, all: ReadonlyMap<Socket, Connection>, bounds: ConnectionBounds): void {
  const everyMs = Math.min(1_000, bounds.headersMs / 4, bounds.bodyStallMs / 4, bounds.idleMs / 4);
  let lookedAt = performance.now();
  const timer = setInterval(() => {
    // Then bytes may wait that this process had no time to read: nobody is to blame.
    const wasBusy = performance.now() - lookedAt > 2 * everyMs;
    lookedAt = performance.now();
    for (const connection of all.values())
      if (wasBusy) grantTime(connection);
      else look(connection, bounds);
  }, everyMs);
  timer.unref();
  server.once('close', () => clearInterval(timer));
}

function look(connection: Connection, bounds: ConnectionBounds): void {
  const { socket, exchange, since } = connection;
  const now = performance.now();
  const bytes = socket.bytesRead - connection.bytes;
  if (!exchange) {
    if (bytes > 0) connection.headSince ??= now;
    const { headSince } = connection;
    if (headSince === undefined ? now - since > bounds.idleMs : now - headSince > bounds.headersMs)
      cut(connection);
  } else if (!waitsForClient(exchange.request)) beginAnew(connection);
  else if (now - since >= bounds.bodyStallMs) {
    if (bytes < Math.max(1, (bounds.bodyBytesPerSecond * (now - since)) / 1_000)) cut(connection);
    else beginAnew(connection);
  }
}

/** Not once all of the body is there, nor while we are the slow ones, who have not taken what has come. */
function waitsForClient(request: IncomingMessage): boolean {
  return !request.complete && request.readableLength < request.readableHighWaterMark;
}

function beginAnew(connection: Connection): void {
  connection.since = performance.now();
  connection.bytes = connection.socket.bytesRead;
  connection.headSince = undefined;
}

function grantTime(connection: Connection): void {
  connection.since = performance.now();
  if (connection.headSince !== undefined) connection.headSince = connection.since;
}

const timedOut = 'HTTP/1.1 408 Request Timeout\r\nHoldfast-Api: 1\r\nConnection: close\r\n\r\n';

function cut({ socket, headSince, exchange }: Connection): void {
  const isAsked = headSince !== undefined || exchange?.response.headersSent === false;
  if (!isAsked) socket.destroy();
  else socket.end(timedOut, () => socket.destroy());
}
