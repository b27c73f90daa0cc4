/**
 * The floor, a process of its own: client and worker on one connection, one bare activity, eagerly started, and no HTTP
 * before it. It measures its own calls, so that driving it costs nothing; told by IPC how many. The direct call to
 * the agent is measured here too, by the same client.
 *
 *   node floor.ts TEMPORAL_ADDRESS AGENT_URL
 */
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { Agent, setGlobalDispatcher } from 'undici';
import { ask } from './ask-activity.ts';
import type { bare } from './bare-workflow.ts';
import { runLanes, type Phase } from './lanes.ts';

export type FloorRequest =
  | { readonly what: 'floor' | 'direct'; readonly count: number; readonly parallel: number }
  | { readonly what: 'one' };

/** `workflowId` where one was asked for, to look at its history. */
export type FloorReply = Phase | { readonly workflowId: string };

const [address = '', agentUrl = ''] = process.argv.slice(2);
const taskQueue = 'floor';

setGlobalDispatcher(new Agent({ connections: 128 }));
Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  taskQueue,
  workflowsPath: fileURLToPath(new URL('bare-workflow.ts', import.meta.url)),
  activities: { ask },
});
const running = worker.run();
const client = new Client({ connection });

const execute = async (): Promise<string> => {
  const workflowId = `floor-${crypto.randomUUID()}`;
  const options = { taskQueue, workflowId, args: [agentUrl] as [string], requestEagerStart: true };
  await client.workflow.execute<typeof bare>('bare', options);
  return workflowId;
};
const serve = async (asked: FloorRequest): Promise<FloorReply> => {
  if (asked.what === 'one') return { workflowId: await execute() };
  const call = asked.what === 'floor' ? execute : () => ask(agentUrl);
  return runLanes(call, asked.count, asked.parallel);
};

process.on('message', (asked: FloorRequest) => {
  void serve(asked).then((reply) => process.send?.(reply));
});
// Its parent is gone, or wants it gone.
process.once('disconnect', () => worker.shutdown());
process.send?.('ready');
await running;
await connection.close();
process.exit(0);
