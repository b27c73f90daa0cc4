/**
 * Starts Temporal as its documentation describes: `temporal server start-dev` with a database file, a worker and an app
 * (stock-app.ts).
 */
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { findTemporalCli } from '../src/platform/embedded/find-cli.ts';
import { claimPort } from '../src/platform/embedded/ports.ts';
import { binariesDir } from '../src/platform/paths.ts';
import { printed, type Children } from './children.ts';
import type { Server } from './product.ts';

export interface StockServer extends Server {
  readonly address: string;
}

export async function startStockServer(children: Children, dataDir: string): Promise<StockServer> {
  const cli = await findTemporalCli({ configured: process.env['HOLDFAST_TEMPORAL_CLI'], binariesDir });
  const port = await claimPort(0, '');
  const database = join(dataDir, 'stock.db');
  const args = ['server', 'start-dev', '--headless', '--port', String(port), '--db-filename', database];
  const { pid } = children.start(cli, args, { stdio: 'ignore' });
  const address = `127.0.0.1:${port}`;
  const connection = Connection.lazy({ address });
  for (;;) {
    try {
      await connection.withDeadline(Date.now() + 60_000, () =>
        connection.workflowService.describeNamespace({ namespace: 'default' }),
      );
      await connection.close();
      return { address, pid, database };
    } catch {
      await pass(50);
    }
  }
}

export interface StockApp {
  /** The URL at which the app answers a POST request. */
  readonly url: string;
  readonly pids: readonly number[];
}

export async function startStockApp(
  children: Children,
  address: string,
  agentUrl: string,
): Promise<StockApp> {
  const start = async (role: 'worker' | 'app', pattern: RegExp) => {
    const { child, pid } = children.script(
      'stock-app.ts',
      [role, address, agentUrl],
      ['ignore', 'pipe', 'ignore'],
    );
    const [, url = ''] = await printed(child.stdout, pattern);
    return { url, pid };
  };
  const worker = await start('worker', /(ready)\n/);
  const app = await start('app', /(http\S+)\n/);
  return { url: app.url, pids: [worker.pid, app.pid] };
}
