import { createServer, type RequestListener, type Server } from 'node:http';
import { StartupError } from '../platform/startup-error.ts';
import { holdToProgress, type ConnectionBounds } from '../api/http/connections.ts';

/**
 * Starts an HTTP server that holds its clients to `bounds`. Throws a `StartupError` that names the setting if the address or
 * the port cannot be used; other errors are thrown unchanged.
 */
export async function listen(
  app: RequestListener,
  host: string,
  port: number,
  bounds: ConnectionBounds,
): Promise<Server> {
  const server = createServer(app);
  holdToProgress(server, bounds);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(startupError(error, host, port)));
    server.listen(port, host, resolve);
  });
  return server;
}

/** Stops listening, and closes all connections at once. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

function startupError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new StartupError(
        `Port ${port} on ${host} is in use: set HOLDFAST_PORT to a free one (0 takes any)`,
      );
    case 'EACCES':
      return new StartupError(`Port ${port} may not be opened by this user: set HOLDFAST_PORT above 1023`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartupError(`${host} is not an address of this machine: set HOLDFAST_HOST`);
    default:
      return error;
  }
}
