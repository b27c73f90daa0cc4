/** Sessions through real calls: order, windows, failed turns, lost holders (I4). */
import proto from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startAgent, type ScriptedAgent, type ScriptedRequest } from '../agents/scripted-agent.ts';
import type { Json } from '../rig/http-client.ts';
import { newSession } from '../../src/domain/session.ts';
import type { TurnReply } from '../../src/domain/turn.ts';
import { inputOf } from '../rig/call-input.ts';
import { startTestNode, type TestNode } from '../rig/test-node.ts';
import { startSession } from './session-facts.ts';

const { EventType } = proto.temporal.api.enums.v1;

interface Message {
  role: string;
  content: string;
  agent: string | null;
  call_id: string | null;
  failed: boolean;
}

const messagesOf = (request: ScriptedRequest | undefined): Message[] =>
  (request?.body as { messages: Message[] }).messages;

const failedSignal = 'EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED';

/** An agent that answers only when the test lets it, and a call that holds its session's turn until then. */
async function startGate(test: TestNode, name: string) {
  let release = (): void => undefined;
  const open = new Promise<void>((resolve) => (release = resolve));
  const agent = await startAgent(async () => {
    await open;
    return { body: { content: 'at last' } };
  });
  await test.http.register(name, agent.port);
  const begin = async (session: string): Promise<string> => {
    const body = { agent_name: name, prompt: 'first', session_id: session };
    const { call_id } = (await test.http.call(body, { Prefer: 'respond-async' })).body;
    await agent.waitForRequests(1);
    return String(call_id);
  };
  return { begin, release: () => release(), close: () => agent.close() };
}

async function happened({ temporal }: TestNode, workflowId: string, event: keyof typeof EventType) {
  const { events } = await temporal.workflow.getHandle(workflowId).fetchHistory();
  return events?.some(({ eventType }) => eventType === EventType[event]);
}

/** Opens the turn of a call that was not started, as its facade does before the start. */
async function turnBeforeStart(test: TestNode, session: string) {
  const gate = await startGate(test, `gate-of-${session}`);
  const first = await gate.begin(session);
  const handle = test.temporal.workflow.getHandle(`session-${session}`);
  const callId = `late-in-${session}`;
  const turn = await handle.executeUpdate<TurnReply, [string]>('openTurn', { args: [callId] });
  expect(turn).toMatchObject({ state: 'queued', position: 1, comesByItself: true });
  gate.release();
  return {
    answersWithoutAsking: async () => {
      const args = [{ ...(await inputOf(test.temporal, first)), callId, turn }];
      const options = { workflowId: `call-${callId}`, taskQueue: 'holdfast', args };
      expect(await test.temporal.workflow.execute('agentCall', options)).toMatchObject({
        response: 'at last',
      });
      expect(await happened(test, options.workflowId, 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED')).toBe(true);
      expect(await happened(test, options.workflowId, 'EVENT_TYPE_TIMER_FIRED')).toBe(false);
      await gate.close();
    },
  };
}

describe('the turns of a session', () => {
  let test: TestNode;
  let echo: ScriptedAgent;
  let overlapping = 0;
  let mostOverlapping = 0;

  beforeAll(async () => {
    test = await startTestNode();
    echo = await startAgent(async (request) => {
      overlapping += 1;
      mostOverlapping = Math.max(mostOverlapping, overlapping);
      await new Promise((resolve) => setImmediate(resolve));
      overlapping -= 1;
      const messages = messagesOf(request);
      return { body: { content: `re: ${messages.at(-1)?.content ?? ''}` } };
    });
    await test.http.register('echo', echo.port);
  });
  afterAll(async () => {
    await test.close();
    await echo.close();
  });

  const read = async (id: string): Promise<Message[]> =>
    (await test.http.get(`/api/vps/sessions/${id}`)).body.messages as Message[];

  it('20 concurrent calls on one session do not overlap, and each gets the replies before it', async () => {
    const before = echo.requests.length;
    mostOverlapping = 0;

    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        test.http.call({ agent_name: 'echo', prompt: `p${i}`, session_id: 'twenty' }),
      ),
    );

    expect(answers.map(({ body }) => body.success)).toEqual(Array(20).fill(true));
    expect(mostOverlapping).toBe(1);
    const asked = echo.requests.slice(before);
    expect(asked).toHaveLength(20);
    const stored = await read('twenty');
    expect(stored).toHaveLength(40);
    for (const [turn, request] of asked.entries()) {
      const sent = messagesOf(request);
      expect(sent).toHaveLength(2 * turn + 1);
      expect(sent.slice(0, -1).map((one) => one.content)).toEqual(
        stored.slice(0, 2 * turn).map((one) => one.content),
      );
    }
    expect(new Set(stored.map((one) => one.call_id)).size).toBe(20);
  });

  it("a failed call's user message is stored as failed and never sent to an agent", async () => {
    const broken = await startAgent(() => ({ status: 401 }));
    await test.http.register('broken', broken.port, { max_retries: 0 });

    await test.http.call({ agent_name: 'broken', prompt: 'lost words', session_id: 'failing' });
    await test.http.call({ agent_name: 'echo', prompt: 'second', session_id: 'failing' });

    expect(messagesOf(echo.requests.at(-1)).map((one) => one.content)).toEqual(['second']);
    expect(await read('failing')).toMatchObject([
      { role: 'user', content: 'lost words', failed: true },
      { role: 'user', content: 'second', failed: false },
      { role: 'assistant', content: 're: second', agent: 'echo' },
    ]);
    await broken.close();
  });

  it("the fallback gets the whole history, and its answer is in the session under the fallback's name", async () => {
    const broken = await startAgent(() => ({ status: 401 }));
    await test.http.register('first', broken.port, { max_retries: 0, fallback_agents: ['echo'] });
    await test.http.call({ agent_name: 'echo', prompt: 'one', session_id: 'fallback' });

    await test.http.call({ agent_name: 'first', prompt: 'two', session_id: 'fallback' });

    expect(messagesOf(echo.requests.at(-1)).map((one) => one.content)).toEqual(['one', 're: one', 'two']);
    expect((await read('fallback')).at(-1)).toMatchObject({ content: 're: two', agent: 'echo' });
    await broken.close();
  });

  // These four wait for the session to check the holder of its turn, so they run concurrently.
  it.concurrent('a terminated call does not block its session', async ({ expect }) => {
    const slow = await startAgent(() => ({ hang: true }));
    await test.http.register('slow', slow.port);
    const { body } = await test.http.call(
      { agent_name: 'slow', prompt: 'stuck', session_id: 'terminated' },
      { Prefer: 'respond-async' },
    );
    await slow.waitForRequests(1);
    const next = test.http.call({ agent_name: 'echo', prompt: 'after', session_id: 'terminated' });

    await test.temporal.workflow.getHandle(`call-${body.call_id as string}`).terminate('test');

    expect((await next).body).toMatchObject({ success: true, response: 're: after' });
    await slow.waitForAborts(1);
    await slow.close();
  });

  it.concurrent('a turn granted to a call that never started is freed', async ({ expect }) => {
    await test.http.call({ agent_name: 'echo', prompt: 'begin', session_id: 'ghost' });
    // The caller gets its answer before the session gets the commit that ends the turn.
    await expect.poll(() => read('ghost')).toHaveLength(2);
    const session = test.temporal.workflow.getHandle('session-ghost');
    expect(await session.executeUpdate('openTurn', { args: ['never-started'] })).toMatchObject({
      state: 'granted',
    });

    const { body } = await test.http.call({ agent_name: 'echo', prompt: 'after', session_id: 'ghost' });

    expect(body).toMatchObject({ success: true, response: 're: after' });
  });

  it.concurrent(
    'a turn whose call never started is freed even if all other calls are refused meanwhile',
    async ({ expect }) => {
      const holder = { callId: 'not-started', turnNumber: 1, grantedAt: Date.now() - 10_000 };
      await startSession(test.temporal, 'refusing', {}, { turnsGranted: 1, holder });
      const wish = { agent_name: 'echo', prompt: 'now', session_id: 'refusing', when_busy: 'reject' };
      expect((await test.http.call(wish)).status).toBe(429);

      const answer = async () => (await test.http.call(wish)).body;
      await expect.poll(answer, { timeout: 20_000, interval: 200 }).toMatchObject({ response: 're: now' });
    },
  );

  it.concurrent('a turn whose grant is renewed just before it would be freed is kept', async ({ expect }) => {
    const now = Date.now();
    const state = {
      ...newSession('renewed-grant', now),
      turnsGranted: 1,
      holder: { callId: 'starts-late', turnNumber: 1, grantedAt: now - 10_000 },
      queue: ['waits'],
    };
    const session = await test.temporal.workflow.start('session', {
      workflowId: 'session-renewed-grant',
      taskQueue: 'holdfast',
      args: [state, { maxQueued: 100, windowMessages: 40, windowBytes: 262_144 }],
    });
    const openTurn = (callId: string) =>
      session.executeUpdate<TurnReply, [string]>('openTurn', { args: [callId] });
    const timersFired = async () =>
      (await session.fetchHistory()).events?.filter(
        ({ eventType }) => eventType === EventType.EVENT_TYPE_TIMER_FIRED,
      ).length ?? 0;
    expect(await openTurn('waits')).toMatchObject({ state: 'queued' }); // From here on the holder is watched.
    const renew = async () => {
      expect(await openTurn('starts-late')).toMatchObject({ state: 'granted', turnNumber: 1 });
    };

    const renewAndCount = () => renew().then(timersFired);
    await expect.poll(renewAndCount, { timeout: 20_000, interval: 200 }).toBeGreaterThanOrEqual(2);
    await renew();
  });

  it('calls that wait since long and were never started do not hold up those behind them one by one', async () => {
    const now = Date.now();
    const queue = Array.from({ length: 8 }, (_, index) => `never-started-${index}`);
    const state = {
      ...newSession('overdue-queue', now),
      turnsGranted: 1,
      holder: { callId: 'first', turnNumber: 1, grantedAt: now },
      queue,
      queuedAt: Object.fromEntries(queue.map((callId) => [callId, now - 10_000])),
    };
    const session = await test.temporal.workflow.start('session', {
      workflowId: 'session-overdue-queue',
      taskQueue: 'holdfast',
      args: [state, { maxQueued: 100, windowMessages: 40, windowBytes: 262_144 }],
    });
    const openLast = async () =>
      (await session.executeUpdate<TurnReply, [string]>('openTurn', { args: ['last'] })).state;
    expect(await openLast()).toBe('queued');

    await session.signal('releaseTurn', 'first');

    await expect.poll(openLast, { timeout: 20_000, interval: 200 }).toBe('granted');
  });

  it('a cleanup notices that the call with the turn was terminated, and the next cleanup removes the session', async () => {
    const slow = await startAgent(() => ({ hang: true }));
    await test.http.register('hanging', slow.port);
    const { body } = await test.http.call(
      { agent_name: 'hanging', prompt: 'stuck', session_id: 'abandoned' },
      { Prefer: 'respond-async' },
    );
    await slow.waitForRequests(1);
    const cleanup = async (): Promise<number> => {
      await test.http.post('/api/vps/sessions/cleanup?max_age_hours=0');
      return (await test.http.get('/api/vps/sessions/abandoned')).status;
    };
    expect(await cleanup()).toBe(200);

    await test.temporal.workflow.getHandle(`call-${body.call_id as string}`).terminate('test');

    await expect.poll(cleanup, { interval: 500 }).toBe(404);
    await slow.close();
  });

  it('metadata beyond the limit of a session is refused before the call is accepted', async () => {
    const metadata = (key: string) => ({ [key]: 'x'.repeat(60_000) });
    const call = (key: string) =>
      test.http.call({ agent_name: 'echo', prompt: 'hi', session_id: 'weighty', metadata: metadata(key) });
    for (const key of ['a', 'b', 'c', 'd']) expect((await call(key)).body.success).toBe(true);
    expect(await call('e')).toMatchObject({ status: 422, body: { error_type: 'session_metadata_full' } });
    const plain = await test.http.call({ agent_name: 'echo', prompt: 'hi', session_id: 'weighty' });
    expect(plain.body.success).toBe(true);
  });

  it('a call that was granted its turn before it was started is sent the turn again once it is started', async () => {
    const late = await turnBeforeStart(test, 'told');
    await expect.poll(() => happened(test, 'session-told', failedSignal)).toBe(true);
    await late.answersWithoutAsking();
  });

  it('a call cancelled while it waits for its turn leaves the queue', async () => {
    const gate = await startGate(test, 'gate');
    await gate.begin('queue');
    const queued = await test.http.call(
      { agent_name: 'echo', prompt: 'queued', session_id: 'queue' },
      { Prefer: 'respond-async' },
    );
    const path = queued.headers.get('Location') ?? '';

    expect((await test.http.post(`${path}/cancel`)).status).toBe(202);
    await expect.poll(async () => (await test.http.get(path)).body.status).toBe('cancelled');
    gate.release();
    const last = await test.http.call({ agent_name: 'echo', prompt: 'last', session_id: 'queue' });

    expect(last.body.success).toBe(true);
    expect((await read('queue')).map((one) => one.content)).toEqual(['first', 'at last', 'last', 're: last']);
    await gate.close();
  });

  it('a session that is deleted during a call is not created again, and the answer reports that', async () => {
    let release: (() => void) | undefined;
    const slow = await startAgent(async () => {
      await new Promise<void>((resolve) => (release = resolve));
      return { body: { content: 'too late' } };
    });
    await test.http.register('late', slow.port);
    const call = test.http.call({ agent_name: 'late', prompt: 'hello', session_id: 'deleted' });
    await slow.waitForRequests(1);

    expect((await test.http.delete('/api/vps/sessions/deleted')).status).toBe(204);
    release?.();

    expect((await call).body).toMatchObject({ success: true, response: 'too late', session_stored: false });
    expect((await test.http.get('/api/vps/sessions/deleted')).status).toBe(404);
    await slow.close();
  });

  it("a call's metadata is merged into its session's, and its user is the session's", async () => {
    const call = (metadata: Json) =>
      test.http.call({ agent_name: 'echo', prompt: 'x', session_id: 'meta', user_id: 'u1', metadata });
    await call({ a: 1, b: { c: 2 } });
    await call({ b: 3 });

    expect((await test.http.get('/api/vps/sessions/meta')).body).toMatchObject({
      session_id: 'meta',
      user_id: 'u1',
      metadata: { a: 1, b: 3 },
    });
  });
});

it("a call that was granted its turn before it was started is also sent the turn by the session's next run", async () => {
  const test = await startTestNode({ HOLDFAST_SESSION_HISTORY_EVENTS: '50' });
  onTestFinished(() => test.close());
  const session = test.temporal.workflow.getHandle('session-renewed');
  const late = await turnBeforeStart(test, 'renewed');
  const { runId } = await session.describe();
  await expect
    .poll(
      async () =>
        (await session.describe()).runId !== runId && happened(test, 'session-renewed', failedSignal),
      {
        timeout: 10_000,
      },
    )
    .toBe(true);
  await late.answersWithoutAsking();
});
