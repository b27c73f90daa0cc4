/** Calls that another call of their session interrupts: at every moment of their lives, and of the session's (I4). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TurnReply, TurnWish } from '../../src/domain/turn.ts';
import { startAgent, type ScriptedAgent } from '../agents/scripted-agent.ts';
import { endedCall } from '../api/ended-call.ts';
import { echo } from '../api/scripts.ts';
import { inputOf } from '../rig/call-input.ts';
import type { Json } from '../rig/http-client.ts';
import { startTestNode, type TestNode } from '../rig/test-node.ts';
import { startSession } from './session-facts.ts';

type OpenTurn = [callId: string, bytes?: number, life?: null, wish?: TurnWish];

describe('a call that is interrupted', () => {
  let test: TestNode;
  let quick: ScriptedAgent;
  let slow: ScriptedAgent;
  beforeAll(async () => {
    test = await startTestNode({ HOLDFAST_SESSION_HISTORY_EVENTS: '50' });
    quick = await startAgent(echo);
    slow = await startAgent(() => ({ hang: true }));
    await test.http.register('quick', quick.port);
    await test.http.register('slow', slow.port);
  });
  afterAll(async () => {
    await test.close();
    await Promise.all([quick.close(), slow.close()]);
  });

  const call = (session_id: string, prompt: string, more: Json = {}) =>
    test.http.call({ agent_name: 'quick', prompt, session_id, ...more });
  const interrupting = (session_id: string, prompt: string) =>
    call(session_id, prompt, { when_busy: 'interrupt' });
  const described = (callId: unknown): Promise<Json> =>
    endedCall(test.http, `/api/vps/calls/${String(callId)}`);
  const openTurn = (session: string, ...args: OpenTurn): Promise<TurnReply> =>
    test.temporal.workflow
      .getHandle(`session-${session}`)
      .executeUpdate<TurnReply, OpenTurn>('openTurn', { args });
  const messages = async (session: string) =>
    (await test.http.get(`/api/vps/sessions/${session}`)).body.messages as Json[];

  /** A call whose agent is being asked. */
  const hold = async (session_id: string): Promise<unknown> => {
    const before = slow.requests.length;
    const wish = { agent_name: 'slow', prompt: 'hold', session_id };
    const { body } = await test.http.call(wish, { Prefer: 'respond-async' });
    await slow.waitForRequests(before + 1);
    return body.call_id;
  };
  /** Starts a call whose turn or place in the queue was opened before, as its facade does. */
  const start = async (like: unknown, callId: string, turn: TurnReply, more: Json = {}): Promise<void> => {
    const args = [{ ...(await inputOf(test.temporal, String(like))), callId, turn, ...more }];
    await test.temporal.workflow.start('agentCall', {
      workflowId: `call-${callId}`,
      taskQueue: 'holdfast',
      args,
    });
  };

  it('asks its agent once, however soon after its start that is', async () => {
    for (let round = 0; round < 6; round++) {
      const asked = slow.requests.length;
      const holder = await hold('at once');
      const { body } = await interrupting('at once', `instead ${round}`);
      expect(body).toMatchObject({ response: `re: instead ${round}` });
      expect(await described(holder)).toMatchObject({ status: 'cancelled', superseded_by: body.call_id });
      expect(slow.requests).toHaveLength(asked + 1);
    }
    expect((await messages('at once')).map(({ failed }) => failed)).toEqual(
      Array.from({ length: 6 }, () => [true, false, false]).flat(),
    );
  });

  it('is either answered or superseded, and asks its agent once, if the answer comes at that moment', async () => {
    const agent = await startAgent(async () => {
      await new Promise((resolve) => setTimeout(resolve, 25));
      return { body: { content: 'just in time' } };
    });
    await test.http.register('just-in-time', agent.port);
    for (let round = 0; round < 8; round++) {
      const wish = { agent_name: 'just-in-time', prompt: `p${round}`, session_id: 'race' };
      const answer = test.http.call(wish);
      await agent.waitForRequests(round + 1);
      const { body } = await interrupting('race', `instead ${round}`);
      expect(body).toMatchObject({ success: true });
      const first = (await answer).body;
      const turn = (await messages('race')).filter(({ call_id }) => call_id === first.call_id);
      if (first.success) expect(turn).toMatchObject([{ failed: false }, { content: 'just in time' }]);
      else expect(turn).toMatchObject([{ failed: true, superseded_by: body.call_id }]);
      expect(first.superseded_by).toBe(first.success ? null : body.call_id);
      expect(agent.requests).toHaveLength(round + 1);
    }
    await agent.close();
  });

  it('gets no turn if it starts only after that, asks no agent, and is cancelled', async () => {
    const holder = await hold('late');
    const turn = await openTurn('late', 'late', 0, null, { tellsEnding: true });
    expect(turn).toMatchObject({ state: 'queued', position: 1 });
    const asked = slow.requests.length;
    const { body } = await interrupting('late', 'instead');
    expect(await openTurn('late', 'late')).toMatchObject({
      state: 'queued',
      position: 0,
      supersededBy: body.call_id,
    });
    await start(holder, 'late', turn);
    expect(await described('late')).toMatchObject({ status: 'cancelled', superseded_by: body.call_id });
    expect(slow.requests).toHaveLength(asked);
    expect(await messages('late')).toMatchObject([{ content: 'hold' }, { content: 'instead' }, {}]);
  });

  it('is told by which call even if it starts long after that', async () => {
    const holder = await hold('long after');
    await startSession(test.temporal, 'forgotten', {}, { superseded: { old: 'another' } });
    const turn = await openTurn('forgotten', 'old', 0, null, { tellsEnding: true });
    await start(holder, 'old', turn, { sessionId: 'forgotten' });
    expect(await described('old')).toMatchObject({ status: 'cancelled', superseded_by: 'another' });
    await test.http.post(`/api/vps/calls/${String(holder)}/cancel`);
  });

  it('is cancelled by the next run of a session that continues as new before it starts', async () => {
    const holder = await hold('renewed');
    const turn = await openTurn('renewed', 'unstarted', 0, null, { tellsEnding: true });
    const handle = test.temporal.workflow.getHandle('session-renewed');
    const { runId } = await handle.describe();
    const { body } = await interrupting('renewed', 'instead');
    for (let i = 0; (await handle.describe()).runId === runId; i++) await call('renewed', `more ${i}`);
    await start(holder, 'unstarted', turn);
    expect(await described('unstarted')).toMatchObject({ status: 'cancelled', superseded_by: body.call_id });
    expect(await openTurn('renewed', 'unstarted')).toMatchObject({ supersededBy: body.call_id });
  });

  it('is cancelled though its session is deleted at that moment, and the other call goes on without it', async () => {
    const holder = await hold('deleted');
    const answer = test.http.call(
      { agent_name: 'quick', prompt: 'instead', session_id: 'deleted', when_busy: 'interrupt' },
      { Prefer: 'respond-async' },
    );
    const { call_id } = (await answer).body;
    expect([202, 204]).toContain((await test.http.delete('/api/vps/sessions/deleted')).status);
    expect(await described(holder)).toMatchObject({ status: 'cancelled' });
    expect(await described(call_id)).toMatchObject({ response: 're: instead' });
  });

  it('leaves its turn at once even if the facades are gone, because the session looks', async () => {
    const holder = await hold('alone');
    const reply = await openTurn('alone', 'other', 0, null, { tellsEnding: true, whenBusy: 'interrupt' });
    expect(reply).toMatchObject({
      state: 'queued',
      position: 1,
      heeded: true,
      hints: { interrupted: [holder] },
    });
    expect(await described(holder)).toMatchObject({ status: 'cancelled', superseded_by: 'other' });
    const again = () => openTurn('alone', 'other', 0, null, { tellsEnding: true, again: true });
    await expect.poll(again).toMatchObject({ state: 'granted', window: [] });
    expect(await messages('alone')).toMatchObject([{ failed: true, superseded_by: 'other' }]);
  });
});
