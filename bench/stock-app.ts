/**
 * An app written like Temporal's hello-world: a worker with default options in a separate process (`worker`), and an Express
 * server with a default client that starts a workflow and waits for its result (`app`).
 */
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import express from 'express';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ask } from './ask-activity.ts';
import type { bare } from './bare-workflow.ts';

const [role, address = '', agentUrl = ''] = process.argv.slice(2);
const taskQueue = 'stock';

if (role === 'worker') {
  const worker = await Worker.create({
    connection: await NativeConnection.connect({ address }),
    taskQueue,
    workflowsPath: fileURLToPath(new URL('bare-workflow.ts', import.meta.url)),
    activities: { ask },
  });
  console.log('ready');
  await worker.run();
} else {
  const client = new Client({ connection: await Connection.connect({ address }) });
  const app = express();
  app.post('/call', async (_request, response) => {
    const workflowId = `stock-${crypto.randomUUID()}`;
    response.json({
      workflow_id: workflowId,
      content: await client.workflow.execute<typeof bare>('bare', {
        taskQueue,
        workflowId,
        args: [agentUrl],
      }),
    });
  });
  const server = app.listen(0, '127.0.0.1', () => {
    console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/call`);
  });
}
