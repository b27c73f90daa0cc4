/**
 * Closes connections of clients that make no progress. Node's own limits apply to a whole request: they would let a client that
 * sends very slowly stay for minutes, and would cut off a long upload that makes progress. A client that waits for an answer or
 * follows a stream of events may stay for any time.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Limits for client connections. Times are in ms. */
export interface ConnectionBounds {
  /** The longest time from the first byte of a request to the end of its headers. */
  readonly headersMs: number;
  /**
   * The period, in ms, in which progress is measured. In each period a body must arrive at `bodyBytesPerSecond` on average, and
   * at least one byte must arrive.
   */
  readonly bodyStallMs: number;
  readonly bodyBytesPerSecond: number;
  /** The longest time without a request. */
  readonly idleMs: number;
  /** The most idle connections. Beyond that, the one that has been idle longest is closed. */
  readonly maxIdle: number;
}

interface Connection {
  readonly socket: Socket;
  /** When the connection became idle, or when its body last made enough progress (`performance.now()`). */
  since: number;
  /** How many bytes had been read from the socket at `since`. */
  bytes: number;
  /** When the first bytes of a request arrived whose headers are not complete yet (`performance.now()`). */
  headSince?: number | undefined;
  /** The request in progress; undefined while the connection is idle. */
  exchange?: { readonly request: IncomingMessage; readonly response: ServerResponse } | undefined;
}

/** Applies the limits to every connection of the server, until it closes. */
export function holdToProgress(server: Server, bounds: ConnectionBounds): void {
  server.headersTimeout = 0;
  server.requestTimeout = 0;
  server.keepAliveTimeout = bounds.idleMs;
  const all = new Map<Socket, Connection>();
  const idle = new Set<Connection>(); // The longest idle first.

  const becomeIdle = (connection: Connection): void => {
    connection.exchange = undefined;
    restartPeriod(connection);
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
    restartPeriod(connection);
    connection.exchange = { request, response };
    const over = (): void => {
      if (connection.exchange?.response === response) becomeIdle(connection); // Otherwise the next request has begun.
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
  let checkedAt = performance.now();
  const timer = setInterval(() => {
    // If this process was busy, bytes may wait that it has not read: that is not the client's fault.
    const wasBusy = performance.now() - checkedAt > 2 * everyMs;
    checkedAt = performance.now();
    for (const connection of all.values())
      if (wasBusy) grantTime(connection);
      else checkProgress(connection, bounds);
  }, everyMs);
  timer.unref();
  server.once('close', () => clearInterval(timer));
}

function checkProgress(connection: Connection, bounds: ConnectionBounds): void {
  const { socket, exchange, since } = connection;
  const now = performance.now();
  const bytes = socket.bytesRead - connection.bytes;
  if (!exchange) {
    if (bytes > 0) connection.headSince ??= now;
    const { headSince } = connection;
    if (headSince === undefined ? now - since > bounds.idleMs : now - headSince > bounds.headersMs)
      cut(connection);
  } else if (!waitsForClient(exchange.request)) restartPeriod(connection);
  else if (now - since >= bounds.bodyStallMs) {
    if (bytes < Math.max(1, (bounds.bodyBytesPerSecond * (now - since)) / 1_000)) cut(connection);
    else restartPeriod(connection);
  }
}

/**
 * Whether the client has to send more. False if the body is complete, or if this process has not yet read what has arrived and
 * so is the slow side.
 */
function waitsForClient(request: IncomingMessage): boolean {
  return !request.complete && request.readableLength < request.readableHighWaterMark;
}

function restartPeriod(connection: Connection): void {
  connection.since = performance.now();
  connection.bytes = connection.socket.bytesRead;
  connection.headSince = undefined;
}

/** Restarts the measured periods after this process was busy. */
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
