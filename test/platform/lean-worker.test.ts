/** Our workflow thread on a real server: no call stacks, the setting that brings them back, and the watchdog. */
import { setTimeout as pass } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection } from '@temporalio/worker';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { LeanWorker } from '../../src/platform/lean-worker.ts';
import { agentDirectoryId } from '../../src/domain/ids.ts';
import { startTemporalServer } from '../rig/server-process.ts';
import { startTestNode, type Environment } from '../rig/test-node.ts';
import type * as workflows from './lean-worker-workflows.ts';

const taskQueue = 'lean';
const logger = new DefaultLogger('ERROR', () => undefined);

let code: string;
beforeAll(async () => {
  const workflowsPath = fileURLToPath(new URL('lean-worker-workflows.ts', import.meta.url));
  ({ code } = await bundleWorkflowCode({ workflowsPath, logger }));
});

async function startWorker() {
  const server = await startTemporalServer();
  const connection = await NativeConnection.connect({ address: server.address });
  const worker = await LeanWorker.create({ connection, taskQueue, workflowBundle: { code } });
  const ended = worker.run().then(
    () => undefined,
    (error: unknown) => error,
  );
  onTestFinished(async () => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await ended;
    await connection.close();
  });
  return { ended, client: new Client({ connection }).workflow };
}

it('a node records no call stacks and says so, unless the setting turns them on', async () => {
  const stackOf = async (environment: Environment): Promise<unknown> => {
    const node = await startTestNode(environment);
    onTestFinished(() => node.close());
    const directory = node.temporal.workflow.getHandle(agentDirectoryId);
    return directory.query('__stack_trace').catch(String);
  };
  expect(await stackOf({})).toContain('stack traces are not enabled');
  expect(await stackOf({ HOLDFAST_WORKFLOW_CALL_STACKS: 'on' })).toContain('agentDirectory');
});

it('an error in workflow code still names the line of its source', async () => {
  const { client } = await startWorker();
  const failed = client.execute<typeof workflows.fails>('fails', { taskQueue, workflowId: 'f' });
  await expect(failed).rejects.toMatchObject({
    cause: { stack: expect.stringContaining('lean-worker-workflows.ts') as string },
  });
});

it('a thread that gets no processor time is not mistaken for one in an endless loop', async () => {
  const { client } = await startWorker();
  const blocked = client.execute<typeof workflows.blocksFor>('blocksFor', {
    taskQueue,
    workflowId: 'w',
    args: [13_000],
    workflowTaskTimeout: '60s',
  });
  expect(await blocked).toBe('done');
});

it(
  'workflow code that loops for ever ends the worker with a reason, long work does not',
  { timeout: 200_000 },
  async () => {
    const { client, ended } = await startWorker();
    const busy = client.execute<typeof workflows.busyFor>('busyFor', {
      taskQueue,
      workflowId: 'b',
      args: [300],
    });
    expect(await busy).toBe('done');
    await client.start<typeof workflows.loops>('loops', { taskQueue, workflowId: 'l' });
    const fault = await Promise.race([ended, pass(150_000, 'it runs on')]);
    expect(String(fault)).toMatch(/Workflow Worker Thread exited/);
  },
);
