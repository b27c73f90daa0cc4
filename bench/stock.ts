/** Temporal as its hello-world shows it, on a server of its own that is started as its documentation says. */
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { findTemporalCli } from '../src/platform/embedded/find-cli.ts';
import { claimPort } from '../src/platform/embedded/ports.ts';
import { binariesDir } from '../src/platform/paths.ts';
import { urlOf, type Agents } from './agents.ts';
import type { Children } from './children.ts';
import { post } from './product.ts';
import { inLanes, type Subject } from './subject.ts';

export async function startStock(children: Children, dataDir: string, { quick }: Agents): Promise<Subject> {
  const cli = await findTemporalCli({ configured: process.env['HOLDFAST_TEMPORAL_CLI'], binariesDir });
  const port = await claimPort(0, '');
  const database = join(dataDir, 'stock.db');
  const args = ['server', 'start-dev', '--headless', '--port', String(port), '--db-filename', database];
  const pid = children.start(cli, args);
  const address = `127.0.0.1:${port}`;
  await untilListening(address);
  const worker = await children.startScript('stock-app.ts', ['worker', address, urlOf(quick)]);
  const app = await children.startScript('stock-app.ts', ['app', address, urlOf(quick)]);
  return {
    name: 'stock Temporal app',
    run: inLanes(() => post(app.line, {})),
    pids: [worker.pid, app.pid],
    server: { pid, database },
    share: 0.5,
  };
}

async function untilListening(address: string): Promise<void> {
  const connection = Connection.lazy({ address });
  for (;;) {
    try {
      await connection.withDeadline(Date.now() + 60_000, () =>
        connection.workflowService.describeNamespace({ namespace: 'default' }),
      );
      await connection.close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
