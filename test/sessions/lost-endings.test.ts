/** Calls that Temporal no longer has when their session looks: what has existed is lost, what never started leaves nothing. */
import { expect, it } from 'vitest';
import { callWorkflowId, sessionWorkflowId } from '../../src/domain/ids.ts';
import { endingLostText } from '../../src/domain/session-book.ts';
import type { TurnReply } from '../../src/domain/turn.ts';
import { endedCall } from '../api/ended-call.ts';
import type { NodeProcess } from '../rig/node-process.ts';
import { contentOf, looksOf, startSession } from './session-facts.ts';
import { holdTurn, kill } from './unseen-endings.ts';
import { useFacades } from './use-facades.ts';

/** The node is a facade without a worker. Each test starts a worker of its own, which counts from 0. */
const facades = useFacades({ HOLDFAST_EMBEDDED_WORKER: 'off' });
const { call, messagesOf, lastWindow } = facades;

async function startWorker(): Promise<NodeProcess> {
  const worker = await facades.node.startFacade({
    HOLDFAST_EMBEDDED_WORKER: 'on',
    HOLDFAST_LOG_LEVEL: 'warn',
  });
  await facades.node.http.register('echo', facades.echo.port);
  return worker;
}

/** How many endings the worker has counted as lost. */
async function lostAt({ http }: NodeProcess): Promise<number> {
  const { text } = (await http.get('/metrics')).body as { text: string };
  return Number(/^holdfast_session_endings_lost_total (\d+)$/m.exec(text)?.[1]);
}

it('a call that its session has found running, and that somebody deletes in Temporal, is lost: the queue goes on', async () => {
  const worker = await startWorker();
  const facade = await facades.node.startFacade();
  const held = await holdTurn(facades.node, facade, 'deleted', 'held');
  const { headers } = await call('deleted', 'next', { Prefer: 'respond-async' });
  await expect.poll(() => looksOf(facades.node.temporal, 'deleted')).toBeGreaterThan(0);

  // Nobody must find it terminated, which it is before it is deleted: that would be an ending.
  await kill(facade);
  worker.process.kill('SIGSTOP');
  const workflowId = callWorkflowId(held.callId);
  const request = { namespace: facades.node.temporal.options.namespace, workflowExecution: { workflowId } };
  await facades.node.temporal.workflowService.deleteWorkflowExecution(request);
  const isThere = () =>
    facades.node.temporal.workflow
      .getHandle(workflowId)
      .describe()
      .then(
        () => true,
        () => false,
      );
  await expect.poll(isThere).toBe(false);
  worker.process.kill('SIGCONT');

  expect(await endedCall(facades.node.http, headers.get('Location') ?? '')).toMatchObject({
    response: 're: next',
  });
  expect(lastWindow()).toEqual(['next']);
  expect(await messagesOf('deleted')).toMatchObject([
    { role: 'user', content: endingLostText, call_id: held.callId, failed: true, lost: true },
    { role: 'user', content: 'next', failed: false },
    { role: 'assistant', content: 're: next' },
  ]);
  expect(await lostAt(worker)).toBe(1);
  await expect.poll(() => worker.process.output).toContain('The ending of a call is lost');
});

it('a call that is missing so long after it got its turn that Temporal has removed it is lost', async () => {
  const worker = await startWorker();
  const grantedAt = Date.now() - 60_000;
  const holder = { callId: 'removed', turnNumber: 1, grantedAt, acceptedAt: grantedAt };
  await startSession(facades.node.temporal, 'aged', { lookEveryMs: 500 }, { turnsGranted: 1, holder });

  await expect.poll(async () => (await contentOf(facades.node.temporal, 'aged')).holderId).toBeUndefined();

  expect(await messagesOf('aged')).toMatchObject([{ content: endingLostText, failed: true, lost: true }]);
  expect(await lostAt(worker)).toBe(1);
  expect((await call('aged', 'next')).body).toMatchObject({ success: true, session_stored: true });
  expect(lastWindow()).toEqual(['next']);
});

it('a call that was granted its turn and never started gives it up without a trace, however often its session looks', async () => {
  const worker = await startWorker();
  await startSession(facades.node.temporal, 'ghost', { lookEveryMs: 500 });
  const session = facades.node.temporal.workflow.getHandle(sessionWorkflowId('ghost'));
  const args: [string, number, null, object] = ['never-started', 0, null, { tellsEnding: true }];
  expect(await session.executeUpdate<TurnReply, typeof args>('openTurn', { args })).toMatchObject({
    state: 'granted',
    endsByItself: true,
  });

  await expect.poll(async () => (await contentOf(facades.node.temporal, 'ghost')).holderId).toBeUndefined();

  expect(await messagesOf('ghost')).toEqual([]);
  expect(await lostAt(worker)).toBe(0);
  expect((await call('ghost', 'next')).body).toMatchObject({ success: true, session_stored: true });
  expect(await messagesOf('ghost')).toHaveLength(2);
});
