/** The activity that asks an agent, on a real server that timed its task out before the worker came to it. */
import { setTimeout as pass } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { expect, it, onTestFinished } from 'vitest';
import type { AskDependencies } from '../../src/activities/ask.ts';
import { createCallAgent, type AskRequest } from '../../src/activities/call-agent.ts';
import { AgentRequests, GivenUp } from '../../src/activities/agent-requests.ts';
import { startTemporalServer } from '../rig/server-process.ts';
import type * as workflows from './late-task-workflows.ts';

const taskQueue = 'late';

it('a task that timed out on its way to a worker that was frozen does not ask the agent; one that is only late does', async () => {
  const { address } = await startTemporalServer();
  const connection = await NativeConnection.connect({ address });
  const client = new Client({ connection }).workflow;
  const asked: string[] = [];
  const outcomes: unknown[] = [];
  const agentRequests = new AgentRequests();
  const activity = createCallAgent({
    now: Date.now,
    agentRequests: {
      ask: (key: { callId: string; agent: string; runId: string }, caller: AbortSignal) =>
        agentRequests.ask(key, caller, (_controller, open) => {
          open.begin();
          asked.push(key.callId);
          return Promise.resolve('hello');
        }),
    },
  } as unknown as AskDependencies);
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('late-task-workflows.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR', () => undefined),
  });
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: { code },
    activities: {
      // The process stands still between Temporal's answer and the activity; only a beat keeps the second task alive.
      async callAgent(request: AskRequest) {
        for (let waitedMs = 0; waitedMs < 2_500; waitedMs += 250) {
          await pass(250);
          if (request.callId === 'only-late') Context.current().heartbeat([]);
        }
        const outcome = activity.callAgent(request);
        outcomes.push(await outcome.catch((error: unknown) => error));
        return outcome;
      },
    },
  });
  const running = worker.run();
  onTestFinished(async () => {
    worker.shutdown();
    await running;
    await connection.close();
  });

  const requests = ['timed-out', 'only-late'].map(
    (callId) => ({ callId, agent: { name: 'a' }, messages: [], earlierTries: [] }) as unknown as AskRequest,
  );
  const ended = await Promise.allSettled(
    requests.map((request) =>
      client.execute<typeof workflows.asksOnce>('asksOnce', {
        taskQueue,
        workflowId: request.callId,
        args: [request],
      }),
    ),
  );
  await expect.poll(() => outcomes.length, { timeout: 10_000 }).toBe(2);
  expect(ended.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  expect(asked).toEqual(['only-late']);
  expect(outcomes.filter((outcome) => outcome instanceof GivenUp)).toHaveLength(1);
});
