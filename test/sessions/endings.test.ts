/** Endings that nobody tells their session, in sessions of the tests' own: the first one counts, and none comes too late. */
import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { callWorkflowId, sessionWorkflowId } from '../../src/domain/ids.ts';
import type { TurnReply, TurnWish } from '../../src/domain/turn.ts';
import { turnWith } from '../../src/domain/turn-text.ts';
import { startAgent } from '../agents/scripted-agent.ts';
import { inputOf } from '../rig/call-input.ts';
import type { Json } from '../rig/http-client.ts';
import { contentOf, looksOf, sessionStatusOf, startSession, toldOf } from './session-facts.ts';
import { holdTurn, kill, statusOf } from './unseen-endings.ts';
import { useFacades } from './use-facades.ts';

const facades = useFacades({ HOLDFAST_INLINE_BYTES: '1024' });
const { call, textsOf, lastWindow } = facades;

describe('a session that nobody asks for anything', () => {
  it('takes an ending over by its own timer', async () => {
    await startSession(facades.node.temporal, 'alone', { lookEveryMs: 500 });
    const held = await holdTurn(facades.node, await facades.node.startFacade(), 'alone', 'hello');
    await held.endUnseen();

    const read = () => contentOf(facades.node.temporal, 'alone');
    await expect.poll(async () => (await read()).holderId).toBeUndefined();

    const { messages } = await read();
    expect(messages.map(({ content }) => content)).toEqual(['hello', 'at last']);
    expect(await looksOf(facades.node.temporal, 'alone')).toBeGreaterThan(0);
    expect(await toldOf(facades.node.temporal, 'alone')).toBe(0);
    expect(await textsOf('alone')).toEqual(['hello', 'at last']);
  });
});

describe('a large ending', () => {
  const prompt = `${'p'.repeat(20_000)} the end of the prompt`;
  const answer = `${'a'.repeat(40_000)} the end of the answer`;

  const takenOver = {
    'by the session itself': async (session: string) => {
      await expect
        .poll(async () => (await contentOf(facades.node.temporal, session)).holderId)
        .toBeUndefined();
    },
    'for a read': async (session: string) => {
      expect(await textsOf(session)).toEqual([prompt, answer]);
    },
    'for the next call': async (session: string) => {
      await call(session, 'next');
      expect(lastWindow()).toEqual([prompt, answer, 'next']);
    },
  };

  it.each(Object.entries(takenOver))(
    'that is taken over %s is whole, also without the call and its texts',
    async (how, takeOver) => {
      const session = how.replaceAll(' ', '-');
      await startSession(facades.node.temporal, session, how.startsWith('by') ? { lookEveryMs: 500 } : {});
      const held = await holdTurn(facades.node, await facades.node.startFacade(), session, prompt, answer);
      await held.endUnseen();

      await takeOver(session);

      expect(await readdir(join(facades.node.store, 'calls'))).not.toEqual([]);
      await rm(join(facades.node.store, 'calls'), { recursive: true });
      await facades.node.temporal.workflowService.deleteWorkflowExecution({
        namespace: facades.node.temporal.options.namespace,
        workflowExecution: { workflowId: callWorkflowId(held.callId) },
      });
      expect((await textsOf(session)).slice(0, 2)).toEqual([prompt, answer]);
      const { sessions } = (await facades.node.http.get('/api/vps/sessions/export')).body; // Without the cache.
      const { messages } = (sessions as Record<string, { messages: Json[] }>)[session] ?? {};
      expect(messages?.slice(0, 2).map(({ content }) => content)).toEqual([prompt, answer]);
    },
  );
});

describe('a call that somebody resets in Temporal before its session has its ending', () => {
  /** To the end of its first workflow task, as the Temporal Web UI does it. */
  async function reset(callId: string): Promise<void> {
    const workflowId = callWorkflowId(callId);
    const { runId } = await facades.node.temporal.workflow.getHandle(workflowId).describe();
    const { events } = await facades.node.temporal.workflow.getHandle(workflowId).fetchHistory();
    const firstEnd = events?.find(({ workflowTaskCompletedEventAttributes: completed }) => completed);
    await facades.node.temporal.workflowService.resetWorkflowExecution({
      namespace: facades.node.temporal.options.namespace,
      workflowExecution: { workflowId, runId },
      workflowTaskFinishEventId: Number(firstEnd?.eventId) as never,
      reason: 'by the test',
      requestId: runId,
    });
  }

  it.each(['runs again', 'has ended again'])('and that %s counts with its first ending', async (state) => {
    const session = state.replaceAll(' ', '-');
    await startSession(facades.node.temporal, session, {});
    let release = (): void => undefined;
    const open = new Promise<void>((resolve) => (release = resolve));
    const changing = await startAgent(async ({ attempt }) => {
      if (attempt > 1) await open;
      return { body: { content: `answer ${attempt}` } };
    });
    onTestFinished(() => changing.close());
    await facades.node.http.register(session, changing.port);
    const facade = await facades.node.startFacade();
    const accepted = await facade.http.call(
      { agent_name: session, prompt: 'question', session_id: session },
      { Prefer: 'respond-async' },
    );
    await kill(facade);
    const callId = String(accepted.body.call_id);
    await expect.poll(() => statusOf(facades.node.temporal, callId)).toBe('COMPLETED');
    expect((await contentOf(facades.node.temporal, session)).holderId).toBe(callId);

    await reset(callId);
    await changing.waitForRequests(2);
    const endedAgain = async (): Promise<void> => {
      release();
      await expect.poll(() => statusOf(facades.node.temporal, callId)).toBe('COMPLETED');
    };
    if (state === 'has ended again') await endedAgain();

    expect(await textsOf(session)).toEqual(['question', 'answer 1']);
    await endedAgain();
    expect((await call(session, 'next')).body).toMatchObject({ session_stored: true });
    expect(lastWindow()).toEqual(['question', 'answer 1', 'next']);
    expect(await textsOf(session)).toHaveLength(4);
  });
});

it('a session that is deleted during the first task of a call stays deleted, and the agent is asked once', async () => {
  const facade = await facades.node.startFacade({ HOLDFAST_FIRST_TASK_WAIT_MS: '2000' });
  const held = await holdTurn(facades.node, facade, 'deleted', 'hello');
  expect((await facades.node.http.delete('/api/vps/sessions/deleted')).status).toBe(204);

  expect(await held.answer()).toMatchObject({
    response: 'at last',
    session_stored: false,
    attempts: [{ status: 'ok', tries: 1 }],
  });

  expect(held.agent.requests).toHaveLength(1);
  facade.process.kill('SIGTERM'); // At the latest now it tells what it knows.
  expect(await facade.process.exited).toEqual({ code: 0, signal: null });
  expect((await facades.node.http.get('/api/vps/sessions/deleted')).status).toBe(404);
  expect(await sessionStatusOf(facades.node.temporal, 'deleted')).not.toBe('RUNNING');
  expect((await facades.node.http.get(`/api/vps/calls/${held.callId}`)).body).toMatchObject({
    response: 'at last',
  });
  expect((await call('deleted', 'again')).body).toMatchObject({ session_stored: true });
  expect(await textsOf('deleted')).toEqual(['again', 're: again']);
});

describe('a turn that is under way by a signal, and that its call asks for', () => {
  const askedOnce = async (session: string, second: 'again' | 'repeat' | 'brings'): Promise<TurnReply> => {
    const { temporal } = facades.node;
    const held = await holdTurn(facades.node, await facades.node.startFacade(), session, 'hello');
    await held.endUnseen();
    const callId = randomBytes(24).toString('base64url');
    const openTurn = (wish: TurnWish) => {
      const args: [string, number, null, TurnWish] = [callId, 0, null, { tellsEnding: true, ...wish }];
      const handle = temporal.workflow.getHandle(sessionWorkflowId(session));
      return handle.executeUpdate<TurnReply, typeof args>('openTurn', { args });
    };
    expect(await openTurn({})).toMatchObject({ state: 'queued' });
    const answer = { agent: `gate-of-${session}`, content: 'at last' };
    const taken = [{ callId: held.callId, ...turnWith('hello', answer), endedAt: Date.now() }];
    // A read tells the session, and the turn moves on.
    if (second !== 'brings') expect(await textsOf(session)).toEqual(['hello', 'at last']);

    const turn = await openTurn({ again: { again: true as const }, repeat: {}, brings: { taken } }[second]);
    const args = [{ ...(await inputOf(temporal, held.callId)), callId, turn }];
    const workflowId = callWorkflowId(callId);
    await temporal.workflow.execute('agentCall', { workflowId, taskQueue: 'holdfast', args });

    expect(held.agent.requests.map(({ callKey }) => callKey?.startsWith(callId))).toEqual([false, true]);
    return turn;
  };

  it('comes by the signal alone: a grant beside it would have the agent asked twice', async () => {
    expect(await askedOnce('signalled', 'repeat')).toMatchObject({ state: 'queued', comesByItself: true });
  });

  it('comes by the signal alone also if the request itself makes the turn move on', async () => {
    expect(await askedOnce('brought', 'brings')).toMatchObject({ state: 'queued', comesByItself: true });
  });

  it('comes by the reply alone if the facade has not started the call', async () => {
    await askedOnce('overtaken', 'again'); // By the signal, if one is on its way at that moment.
  });
});
