import { connect } from 'node:net';
import { once } from 'node:events';
import { Connection } from '@temporalio/client';
import { delay } from '../../lib/delay.ts';
import { EmbeddedServerError } from './embedded-server-error.ts';
import type { ServerLog } from './server-log.ts';
import type { ServerProcess } from './server-process.ts';

const readyMs = 60_000;
const checkTimeoutMs = 2_000;
const pauseMs = 20;
/**
 * Options of a gRPC channel to 127.0.0.1. Without them it would use the proxy that `https_proxy` and similar variables name.
 */
export const withoutProxy = { 'grpc.enable_http_proxy': 0 };

/**
 * Waits until the server can describe its default namespace. Throws `EmbeddedServerError` with the end of the server's log
 * if it ends before, or is not ready after a minute.
 */
export async function untilReady(server: ServerProcess, port: number, log: ServerLog): Promise<void> {
  const gone: { how?: string } = {};
  void server.exited.then((how) => (gone.how = how));
  const giveUpAt = Date.now() + readyMs;
  while (!(await answers(port))) {
    if (gone.how !== undefined)
      throw new EmbeddedServerError(
        'start_failed',
        `The Temporal server did not start: ${gone.how}; the end of ${log.path}:\n${await log.tail()}`,
      );
    if (Date.now() >= giveUpAt) {
      await server.stop();
      throw new EmbeddedServerError(
        'start_failed',
        `The Temporal server does not answer after ${readyMs / 1_000} s; the end of ${log.path}:\n${await log.tail()}`,
      );
    }
    await delay(pauseMs);
  }
}

async function answers(port: number): Promise<boolean> {
  // A refused gRPC channel waits before it reconnects, so it is opened only when the port is open.
  if (!(await listens(port))) return false;
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({
      address: `127.0.0.1:${port}`,
      connectTimeout: checkTimeoutMs,
      channelArgs: withoutProxy,
    });
    const { workflowService } = connection;
    await connection.withDeadline(Date.now() + checkTimeoutMs, () =>
      workflowService.describeNamespace({ namespace: 'default' }),
    );
    return true;
  } catch {
    return false;
  } finally {
    await connection?.close();
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
