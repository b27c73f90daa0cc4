import { createServer } from 'node:http';
import type { Metrics } from './metrics.ts';
import { StartupError } from './startup-error.ts';
import type { RunningWorker } from './running-worker.ts';

/**
 * Serves `/healthz` and `/metrics` of a stand-alone worker on 127.0.0.1. Returns a function that stops it. Throws
 * `StartupError` if the port cannot be opened.
 */
export async function serveWorkerStatus(
  port: number,
  metrics: Metrics,
  worker: Pick<RunningWorker, 'running'>,
): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    if (request.url === '/healthz') {
      response.writeHead(worker.running() ? 200 : 503).end();
      return;
    }
    if (request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    metrics.page().then(
      (text) => response.writeHead(200, { 'Content-Type': metrics.contentType }).end(text),
      (error: unknown) => response.writeHead(500).end(`The metrics could not be read: ${String(error)}`),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(startupError(error, port)));
    server.listen(port, '127.0.0.1', resolve);
  });
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
}

function startupError(error: NodeJS.ErrnoException, port: number): Error {
  const why = error.code === 'EADDRINUSE' ? 'is in use' : `cannot be opened (${error.message})`;
  return new StartupError(`Port ${port} on 127.0.0.1 ${why}: set HOLDFAST_WORKER_PORT to a free one`, {
    cause: error,
  });
}
