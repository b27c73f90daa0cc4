/** Removing sessions while calls use them: no call is lost or refused, and each reports whether its turn is stored (I4). */
import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { callWorkflowId, sessionWorkflowId } from '../../src/domain/ids.ts';
import type { GrantedTurn, TurnReply } from '../../src/domain/turn.ts';
import { startAgent, type ScriptedAgent } from '../agents/scripted-agent.ts';
import { echo, gated } from '../api/scripts.ts';
import type { HttpAnswer, Json } from '../rig/http-client.ts';
import { startTestNode, type TestNode } from '../rig/test-node.ts';

/** More rounds find more faults; this many take seconds. */
const rounds = Number(process.env['SHOT_ROUNDS'] ?? 3);
const perRound = 8;
const timeout = 60_000 + rounds * 20_000;

let test: TestNode;
let agent: ScriptedAgent;

beforeAll(async () => {
  test = await startTestNode();
  agent = await startAgent(echo);
  await test.http.register('echo', agent.port);
});
afterAll(async () => {
  await test.close();
  await agent.close();
});

const call = (session_id: string, prompt: string): Promise<HttpAnswer> =>
  test.http.call({ agent_name: 'echo', prompt, session_id });

const messagesOf = async (session: string): Promise<Json[]> => {
  const { status, body } = await test.http.get(`/api/vps/sessions/${session}`);
  return status === 404 ? [] : (body.messages as Json[]);
};

/** The session's messages, with failed ones marked. */
const contentsOf = async (session: string): Promise<unknown[]> =>
  (await messagesOf(session)).map(({ content, failed }) => (failed === true ? { failed: content } : content));

/** A call that holds its session's turn until the test lets its agent answer. */
async function holder(session_id: string) {
  const gate = gated('at last');
  const slow = await startAgent(gate.script);
  onTestFinished(() => slow.close());
  const agent_name = `slow-in-${session_id}`;
  await test.http.register(agent_name, slow.port);
  const body = { agent_name, prompt: 'held', session_id };
  const path = String((await test.http.call(body, { Prefer: 'respond-async' })).headers.get('Location'));
  await slow.waitForRequests(1);
  const ended = async (): Promise<Json> => {
    const look = async (): Promise<Json> => (await test.http.get(path)).body;
    await expect.poll(async () => (await look()).status).not.toBe('running');
    return look();
  };
  return { path, ended, open: () => gate.open() };
}

describe('a session that is removed', () => {
  const idleSessions = async (name: string): Promise<string[]> => {
    const sessions = Array.from({ length: perRound }, (_, index) => `${name}-${index}`);
    await Promise.all(sessions.map((session) => call(session, 'before')));
    return sessions;
  };
  /** Whether the session has the answer of that call now. */
  const holds = async (session: string, { body }: HttpAnswer): Promise<boolean> =>
    (await messagesOf(session)).some(
      (message) => message.role === 'assistant' && message.call_id === body.call_id,
    );
  /** When the call ended, by Temporal's clock, which is this machine's. */
  const endOf = async ({ body }: HttpAnswer): Promise<number> => {
    const call = test.temporal.workflow.getHandle(callWorkflowId(String(body.call_id)));
    return (await call.describe()).closeTime?.getTime() ?? Infinity;
  };
  /** A random delay of up to 100 ms. */
  const delayMs = (shot: number): number => (shot * 37) % 100;

  it('by a cleanup loses and refuses none of the calls that use it', { timeout }, async () => {
    const faults: object[] = [];
    for (let round = 0; round < rounds; round++) {
      const sessions = await idleSessions(`cleaned-${round}`);
      const idleAt = Date.now();
      await pass(1_000); // The cleanup removes what was idle then, so no turn of this round may be stored within its delay.
      const shots = sessions.map(async (session, index) => {
        await pass(delayMs(round * perRound + index));
        return { session, answer: await call(session, 'beside') };
      });
      const cleanup = await pass(50).then(() => {
        const idleHours = (Date.now() - idleAt) / 3_600_000;
        return test.http.post(`/api/vps/sessions/cleanup?max_age_hours=${idleHours.toFixed(9)}`);
      });
      expect(cleanup.status).toBe(200);
      for (const { session, answer } of await Promise.all(shots)) {
        const { status, body } = answer;
        const right = status === 200 && body.success === true && body.session_stored === true;
        if (!right || !(await holds(session, answer))) faults.push({ session, status, ...body });
      }
    }
    expect(faults).toEqual([]);
  });

  it(
    'by a deletion refuses none of the calls that use it, and each reports whether its turn is stored',
    { timeout },
    async () => {
      const faults: object[] = [];
      for (let round = 0; round < rounds; round++) {
        const sessions = await idleSessions(`deleted-${round}`);
        const shots = sessions.map(async (session, index) => {
          const removal = pass(50).then(async () => {
            const { status } = await test.http.delete(`/api/vps/sessions/${session}`);
            return { status, answeredAt: Date.now() };
          });
          await pass(delayMs(round * perRound + index));
          const answer = await call(session, 'beside');
          return { session, answer, removal: await removal };
        });
        for (const { session, answer, removal } of await Promise.all(shots)) {
          const { status, body } = answer;
          const isThere = await holds(session, answer);
          const right =
            body.session_stored === true ? isThere || (await endOf(answer)) <= removal.answeredAt : !isThere;
          if (status !== 200 || body.success !== true || removal.status !== 204 || !right)
            faults.push({ session, status, removal, isThere, ...body });
        }
      }
      expect(faults).toEqual([]);
    },
  );

  it('has nothing of a call in flight stored in the next session of its id, and that call reports it', async () => {
    const first = await holder('again');
    expect((await test.http.delete('/api/vps/sessions/again')).status).toBe(204);
    expect((await call('again', 'next')).body).toMatchObject({ success: true, session_stored: true });

    first.open();

    expect(await first.ended()).toMatchObject({ response: 'at last', session_stored: false });
    expect(await contentsOf('again')).toEqual(['next', 're: next']);
  });

  it('signals its waiting calls, which ask their agents at once without the session', async () => {
    const first = await holder('removed-with-queue');
    const waiting = ['second', 'third'].map((prompt) =>
      test.http.call({
        agent_name: 'echo',
        prompt,
        session_id: 'removed-with-queue',
        deadline_seconds: 60,
      }),
    );
    const running = "ExecutionStatus = 'Running' AND HoldfastSession = 'removed-with-queue'";
    const count = async (): Promise<number> =>
      (await test.temporal.workflow.count(`WorkflowType = 'agentCall' AND ${running}`)).count;
    await expect.poll(count, { timeout: 15_000 }).toBe(3);
    const deletedAt = performance.now();
    expect((await test.http.delete('/api/vps/sessions/removed-with-queue')).status).toBe(204);

    for (const { body } of await Promise.all(waiting))
      expect(body).toMatchObject({ success: true, session_stored: false });
    expect(performance.now() - deletedAt).toBeLessThan(7_000); // Without the signal they ask every 10 s.
    first.open();
    const { response, session_stored } = await first.ended();
    expect(response).toBe('at last');
    expect([false, null]).toContain(session_stored); // Null once Temporal has deleted the session.
    expect(await messagesOf('removed-with-queue')).toEqual([]);
  });

  it('can be followed by another session of its id, which accepts no call of the first one', async () => {
    const session = test.temporal.workflow.getHandle('session-other');
    await call('other', 'first');
    const open = (args: unknown[]) =>
      session.executeUpdate<TurnReply, [string, ...unknown[]]>('openTurn', {
        args: args as [string, ...unknown[]],
      });
    const { life } = (await open(['of the first'])) as { life?: string };
    expect(life).toBeDefined();
    expect((await test.http.delete('/api/vps/sessions/other')).status).toBe(204);
    await call('other', 'second');

    await expect(open(['of the first', 0, life])).rejects.toMatchObject({
      cause: { type: 'session_not_found' },
    });
    const commit = { callId: 'of the first', prompt: 'lost', endedWaiting: 'failed' };
    const settle = { args: [commit, life] as [unknown, unknown] };
    await expect(session.executeUpdate('settleTurn', settle)).rejects.toMatchObject({
      cause: { type: 'session_not_found' },
    });
    expect(await contentsOf('other')).toEqual(['second', 're: second']);
  });
});

describe('a call that has no turn yet', () => {
  it('and whose deadline passes has its message stored as failed, and reports that', async () => {
    const first = await holder('overdue');
    const { body } = await test.http.call({
      agent_name: 'echo',
      prompt: 'too late',
      session_id: 'overdue',
      deadline_seconds: 1,
    });
    expect(body).toMatchObject({ error_type: 'deadline_exceeded', session_stored: true });
    expect(await contentsOf('overdue')).toEqual([{ failed: 'too late' }]);
    first.open();
    expect((await first.ended()).session_stored).toBe(true);
    expect(await contentsOf('overdue')).toEqual([{ failed: 'too late' }, 'held', 'at last']);

    const described = async () => (await test.http.get(`/api/vps/calls/${String(body.call_id)}`)).body;
    expect(await described()).toMatchObject({ status: 'failed', session_stored: true });
    await test.http.delete('/api/vps/sessions/overdue');
    await test.http.call({ agent_name: 'echo', prompt: 'anew', session_id: 'overdue' });
    expect(await described()).toMatchObject({ status: 'failed', session_stored: null });
  });

  it('and is cancelled reports how long it waited, and that its session stores nothing of it', async () => {
    const first = await holder('impatient');
    const body = { agent_name: 'echo', prompt: 'never mind', session_id: 'impatient' };
    const { headers } = await test.http.call(body, { Prefer: 'respond-async' });
    const path = headers.get('Location') ?? '';
    await pass(300);
    expect((await test.http.post(`${path}/cancel`)).status).toBe(202);
    await expect.poll(async () => (await test.http.get(path)).body.status).toBe('cancelled');

    const described = (await test.http.get(path)).body;
    expect(described).toMatchObject({ session_stored: false });
    const { queued_ms, overhead_ms, total_ms } = described.timings as Record<string, number>;
    expect(queued_ms).toBeGreaterThanOrEqual(300);
    expect(overhead_ms).toBe((total_ms ?? 0) - (queued_ms ?? 0));
    expect(described.overhead_ms).toBe(overhead_ms);
    first.open();
    await first.ended();
    expect(await contentsOf('impatient')).toEqual(['held', 'at last']);
  });

  it('and is terminated reports its whole time as queued', async () => {
    const first = await holder('terminated');
    const waits = { agent_name: 'echo', prompt: 'never', session_id: 'terminated' };
    const waiting = test.http.call(waits, { 'Idempotency-Key': 'terminated' });
    const { headers, body } = await test.http.call(waits, {
      'Idempotency-Key': 'terminated',
      Prefer: 'respond-async',
    });
    const handle = test.temporal.workflow.getHandle(`call-${String(body.call_id)}`);
    expect(await handle.query('callProgress')).toMatchObject({ waitsForTurn: true }); // The first task has completed.
    await handle.terminate();

    expect((await waiting).body).toMatchObject({ error_type: 'cancelled', overhead_ms: 0, attempts: [] });
    const described = (await test.http.get(headers.get('Location') ?? '')).body;
    const { queued_ms, overhead_ms, total_ms } = described.timings as Record<string, number>;
    expect(total_ms).toBeGreaterThan(0);
    expect(queued_ms).toBe(total_ms);
    expect([overhead_ms, described.overhead_ms]).toEqual([0, 0]);
    first.open();
    await first.ended();
  });
});

it('a call that is cancelled while its agent is asked reports that its session stores its message', async () => {
  const first = await holder('cancelled');
  expect((await test.http.post(`${first.path}/cancel`)).status).toBe(202);

  expect(await first.ended()).toMatchObject({ error_type: 'cancelled', session_stored: true });
  expect(await contentsOf('cancelled')).toEqual([{ failed: 'held' }]);
});

it('an ending of a call that was started long before its turn is stored only if the call has asked for the turn itself', async () => {
  await call('asked', 'first');
  expect(await contentsOf('asked')).toHaveLength(2); // The session has its ending, so its turn is free.
  const session = test.temporal.workflow.getHandle('session-asked');
  const send = <T>(update: string, args: [unknown, ...unknown[]]) =>
    session.executeUpdate<T, [unknown, ...unknown[]]>(update, { args });
  const startedAt = Date.now() - 60_000;
  const settle = (callId: string) =>
    send<boolean>('settleTurn', [{ callId, prompt: callId, life, startedAt, endedAt: Date.now() }, life]);

  // As a facade does whose request repeats the key of a call that has ended.
  const repeated = ['repeated', 0, null, { tellsEnding: true }] as const;
  const { state, life } = await send<GrantedTurn>('openTurn', [...repeated]);
  expect(state).toBe('granted');
  expect(await settle('repeated')).toBe(false);
  // As a call does that started so late that it had lost its turn.
  expect(await send('openTurn', ['late', 0, life])).toMatchObject({ state: 'granted' });
  expect(await settle('late')).toBe(true);
  expect(await contentsOf('asked')).toEqual(['first', 're: first', { failed: 'late' }]);
});

it('an ending of another life takes no turn from a call with the same id', { timeout: 60_000 }, async () => {
  const { path, ended, open } = await holder('anew');
  const callId = path.split('/').at(-1) ?? '';
  const session = test.temporal.workflow.getHandle(sessionWorkflowId('anew'));
  const late = { callId, life: 'before', messages: [{ role: 'user', content: 'old' }], endedAt: Date.now() };
  // As a facade does that was frozen since the session's former life, and the call's.
  await session.signal('commitTurn', late);
  await expect(session.executeUpdate('settleTurn', { args: [late, 'before'] })).rejects.toThrow();
  await session.executeUpdate('openTurn', { args: ['other', 0, null, { tellsEnding: true, taken: [late] }] });
  await session.signal('releaseTurn', 'other');

  const beside = await test.http.call({
    agent_name: 'echo',
    prompt: 'beside',
    session_id: 'anew',
    when_busy: 'reject',
  });
  expect([beside.status, beside.body.error_type]).toEqual([429, 'session_busy']);

  open();
  expect(await ended()).toMatchObject({ response: 'at last', session_stored: true });
  expect(await contentsOf('anew')).toEqual(['held', 'at last']);
});

it(
  'messages are appended once it turns out that the call with the turn was never started',
  { timeout: 60_000 },
  async () => {
    await call('abandoned', 'before');
    expect(await contentsOf('abandoned')).toEqual(['before', 're: before']);
    // As a facade does that dies before it starts the call.
    const session = test.temporal.workflow.getHandle(sessionWorkflowId('abandoned'));
    const turn = await session.executeUpdate<TurnReply, [string]>('openTurn', { args: ['never started'] });
    expect(turn.state).toBe('granted');
    const body = { messages: [{ role: 'user', content: 'at last' }] };
    const append = () => test.http.post('/api/vps/sessions/abandoned/messages', body);
    expect(await append()).toMatchObject({ status: 429, body: { error_type: 'session_busy' } });
    await expect.poll(async () => (await append()).status, { timeout: 30_000, interval: 500 }).toBe(200);
    expect(await contentsOf('abandoned')).toEqual(['before', 're: before', 'at last']);
  },
);
