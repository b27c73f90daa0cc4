/**
 * The floor, in a process of its own so that its CPU can be told apart: one bare activity, started eagerly, worker and client in
 * one process, no HTTP before it. Told over IPC how many to run, it answers with their durations in ms; to 'sample' with a workflow's id.
 */
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { Agent, setGlobalDispatcher } from 'undici';
import { ask } from './ask-activity.ts';
import type { bare } from './bare-workflow.ts';
import { inLanes } from './subject.ts';

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
void worker.run();
const { workflow } = new Client({ connection });
const one = async (): Promise<string> => {
  const workflowId = `floor-${crypto.randomUUID()}`;
  const options = { taskQueue, workflowId, args: [agentUrl] as [string], requestEagerStart: true };
  await workflow.execute<typeof bare>('bare', options);
  return workflowId;
};
const run = inLanes(one);
process.on('message', (message: { count: number; parallel: number } | 'sample') => {
  const answer = message === 'sample' ? one() : run(message.count, message.parallel);
  void answer.then((told) => process.send?.(told));
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
