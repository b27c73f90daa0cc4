/** The first-task path: what it saves a quick call, and what it hands over to the activity. */
import proto from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAgent, type Script, type ScriptedAgent } from '../agents/scripted-agent.ts';
import type { Json } from '../rig/http-client.ts';
import { startTestNode, type TestNode } from '../rig/test-node.ts';

const { EventType } = proto.temporal.api.enums.v1;

const agents: ScriptedAgent[] = [];

async function start(script: Script): Promise<ScriptedAgent> {
  const agent = await startAgent(script);
  agents.push(agent);
  return agent;
}

const kinds = {
  EVENT_TYPE_MARKER_RECORDED: 'marker',
  EVENT_TYPE_TIMER_STARTED: 'timer',
  EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: 'activity',
  EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED: 'signal to the session',
} as const;

/** How many workflow tasks a call took, and their commands. */
async function stepsOf({ temporal }: TestNode, callId: unknown) {
  const { events } = await temporal.workflow.getHandle(`call-${String(callId)}`).fetchHistory();
  const names = (events ?? []).map(({ eventType }) => EventType[eventType ?? 0] ?? '');
  return {
    tasks: names.filter((name) => name === 'EVENT_TYPE_WORKFLOW_TASK_COMPLETED').length,
    steps: names.flatMap((name) => (name in kinds ? [kinds[name as keyof typeof kinds]] : [])),
  };
}

afterAll(() => Promise.all(agents.map((agent) => agent.close())));

describe('a first task that waits half a second', () => {
  let test: TestNode;

  beforeAll(async () => {
    test = await startTestNode();
  });
  afterAll(() => test.close());

  it('ends the call of a quick agent in one task, without an activity, with a marker that names the agent', async () => {
    const quick = await start(() => ({ body: { content: 'at once' } }));
    await test.http.register('quick', quick.port);
    const { body } = await test.http.call({ agent_name: 'quick', prompt: 'hello' });

    expect(body).toMatchObject({ success: true, response: 'at once' });
    expect(await stepsOf(test, body.call_id)).toEqual({ tasks: 1, steps: ['marker'] });
    const { events } = await test.temporal.workflow.getHandle(`call-${String(body.call_id)}`).fetchHistory();
    const marker = events?.find((event) => event.markerRecordedEventAttributes);
    expect(Buffer.from(marker?.userMetadata?.summary?.data ?? []).toString()).toBe('"ask quick"');
  });

  it('asks the next agents of the chain too', async () => {
    const refusing = await start(() => ({ status: 401 }));
    const quick = await start(() => ({ body: { content: 'instead' } }));
    await test.http.register('instead', quick.port);
    await test.http.register('refusing', refusing.port, { fallback_agents: ['instead'] });
    const { body } = await test.http.call({ agent_name: 'refusing', prompt: 'hello' });

    expect(body).toMatchObject({ success: true, agent_name: 'instead', retry_count: 1 });
    expect(await stepsOf(test, body.call_id)).toEqual({ tasks: 1, steps: ['marker', 'marker'] });
  });

  it('ends a call in a session in one task too, with the marker alone; the session takes the ending over', async () => {
    const quick = await start(() => ({ body: { content: 'in turn' } }));
    await test.http.register('in-turn', quick.port);
    for (const prompt of ['hello', 'again']) {
      const { body } = await test.http.call({ agent_name: 'in-turn', prompt, session_id: 'turns' });
      expect(body).toMatchObject({ success: true, session_stored: true });
      expect(await stepsOf(test, body.call_id)).toEqual({ tasks: 1, steps: ['marker'] });
    }
    const { messages } = (await test.http.get('/api/vps/sessions/turns')).body as { messages: Json[] };
    expect(messages.map(({ content }) => content)).toEqual(['hello', 'in turn', 'again', 'in turn']);
    expect(quick.requests).toHaveLength(2);
  });

  it('reports that the turn is not stored if the session was deleted meanwhile', async () => {
    const deleting = await start(async () => {
      await test.http.delete('/api/vps/sessions/deleted');
      return { body: { content: 'too late' } };
    });
    await test.http.register('deleting', deleting.port);
    const { body } = await test.http.call({
      agent_name: 'deleting',
      prompt: 'hello',
      session_id: 'deleted',
    });
    expect(body).toMatchObject({ success: true, response: 'too late', session_stored: false });
    expect((await test.http.get('/api/vps/sessions/deleted')).status).toBe(404);
  });

  it('hands a failure that may be retried over to the activity, after a timer', async () => {
    const flaky = await start(({ attempt }) =>
      attempt === 1 ? { status: 503 } : { body: { content: 'again' } },
    );
    await test.http.register('flaky', flaky.port, { max_retries: 1 });
    const { body } = await test.http.call({ agent_name: 'flaky', prompt: 'hello' });

    expect(body.attempts).toMatchObject([{ status: 'ok', tries: 2 }]);
    expect(await stepsOf(test, body.call_id)).toMatchObject({ steps: ['marker', 'timer', 'activity'] });
    const [first, second] = flaky.requests;
    expect((second?.startedAt ?? 0) - (first?.startedAt ?? 0)).toBeGreaterThanOrEqual(890);
    expect(second?.callKey).toBe(first?.callKey);
  });

  it("counts its try towards the agent's max_retries", async () => {
    const failing = await start(() => ({ status: 503 }));
    await test.http.register('failing', failing.port, { max_retries: 1 });
    const { body } = await test.http.call({ agent_name: 'failing', prompt: 'hello' });

    expect(body).toMatchObject({ success: false, error_type: 'model_error' });
    expect(body.attempts).toMatchObject([{ tries: 2 }]);
    expect(failing.requests).toHaveLength(2);
  });
});

describe('a first task that waits a moment', () => {
  let test: TestNode;

  beforeAll(async () => {
    test = await startTestNode({ HOLDFAST_FIRST_TASK_WAIT_MS: '50' });
  });
  afterAll(() => test.close());

  /** An agent that completes its answer when the test says so. */
  async function gated(reply: { status: number } | { body: Json }) {
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const agent = await start(async () => {
      await gate;
      return reply;
    });
    return { agent, open: () => open() };
  }

  async function scheduled(callId: unknown): Promise<void> {
    await expect.poll(async () => (await stepsOf(test, callId)).steps).toEqual(['marker', 'activity']);
  }

  it('leaves the request of a slow agent open for the activity to join, so that the agent is asked once', async () => {
    const { agent, open } = await gated({ body: { content: 'at last' } });
    await test.http.register('slow', agent.port);
    const { body: accepted } = await test.http.call(
      { agent_name: 'slow', prompt: 'hello' },
      { Prefer: 'respond-async' },
    );
    await scheduled(accepted.call_id);
    const joinedAt = Date.now();
    open();
    const { body } = await test.http.call({ agent_name: 'slow', prompt: 'another' });
    expect(body.success).toBe(true);
    const path = `/api/vps/calls/${String(accepted.call_id)}`;
    await expect.poll(async () => (await test.http.get(path)).body.status).toBe('completed');

    const [attempt] = (await test.http.get(path)).body.attempts as Json[];
    expect(attempt).toMatchObject({ status: 'ok', tries: 1 });
    const [tried] = attempt?.try_log as { at: string; latency_ms: number; first_byte_ms: number }[];
    const [asked] = agent.requests;
    // The times of the request, not of the activity that joined it.
    expect(Date.parse(tried?.at ?? '')).toBeLessThanOrEqual((asked?.startedAt ?? 0) + 5);
    expect(Date.parse(tried?.at ?? '') + (tried?.latency_ms ?? 0)).toBeGreaterThanOrEqual(joinedAt);
    expect(tried?.first_byte_ms).toBeGreaterThan(0);
    expect(agent.requests).toHaveLength(2); // One for each call.
  });

  it('counts a request that fails after it was left open as one try, which is retried normally', async () => {
    const { agent, open } = await gated({ status: 503 });
    await test.http.register('slow-to-fail', agent.port, { max_retries: 1 });
    const { body: accepted } = await test.http.call(
      { agent_name: 'slow-to-fail', prompt: 'hello' },
      { Prefer: 'respond-async' },
    );
    await scheduled(accepted.call_id);
    open();
    const path = `/api/vps/calls/${String(accepted.call_id)}`;
    await expect
      .poll(async () => (await test.http.get(path)).body.status, { timeout: 10_000 })
      .toBe('failed');

    expect((await test.http.get(path)).body.attempts).toMatchObject([
      { error_type: 'model_error', tries: 2 },
    ]);
    expect(agent.requests).toHaveLength(2);
  });
});

describe('a first task that waits two seconds', () => {
  let test: TestNode;

  beforeAll(async () => {
    test = await startTestNode({ HOLDFAST_FIRST_TASK_WAIT_MS: '2000' });
  });
  afterAll(() => test.close());

  it('ends at once when the call is cancelled: the socket is closed, and no other agent is asked', async () => {
    const slow = await start(() => ({ hang: true }));
    const other = await start(() => ({ body: { content: 'other' } }));
    await test.http.register('other', other.port);
    await test.http.register('hanging', slow.port, { fallback_agents: ['other'] });
    const body = { agent_name: 'hanging', prompt: 'hello', session_id: 'cancelled' };
    const accepted = await test.http.call(body, { Prefer: 'respond-async' });
    await slow.waitForRequests(1);

    const path = `/api/vps/calls/${String(accepted.body.call_id)}`;
    const cancelledAt = Date.now();
    expect((await test.http.post(`${path}/cancel`)).status).toBe(202);
    await slow.waitForAborts(1);
    // Long before anything else would end that request, even on a busy machine.
    expect(Date.now() - cancelledAt).toBeLessThan(5_000);
    await expect.poll(async () => (await test.http.get(path)).body.status).toBe('cancelled');

    expect((await test.http.get(path)).body.attempts).toMatchObject([{ error_type: 'cancelled', tries: 1 }]);
    expect([slow.requests.length, other.requests.length]).toEqual([1, 0]);
    const { messages } = (await test.http.get('/api/vps/sessions/cancelled')).body as { messages: Json[] };
    expect(messages).toMatchObject([{ role: 'user', content: 'hello', failed: true }]);
  });
});

describe('without the first-task path', () => {
  it('the activity asks agents from the start, with the configured heartbeat timeout', async () => {
    const test = await startTestNode({
      HOLDFAST_FIRST_TASK_WAIT_MS: '0',
      HOLDFAST_HEARTBEAT_TIMEOUT_SECONDS: '30',
    });
    try {
      const quick = await start(() => ({ body: { content: 'at once' } }));
      await test.http.register('quick', quick.port);
      const { body } = await test.http.call({ agent_name: 'quick', prompt: 'hello' });
      expect(await stepsOf(test, body.call_id)).toEqual({ tasks: 2, steps: ['activity'] });
      const { events } = await test.temporal.workflow
        .getHandle(`call-${String(body.call_id)}`)
        .fetchHistory();
      const asked = events?.find((event) => event.activityTaskScheduledEventAttributes);
      expect(asked?.activityTaskScheduledEventAttributes?.heartbeatTimeout?.seconds?.toString()).toBe('30');
    } finally {
      await test.close();
    }
  });
});
