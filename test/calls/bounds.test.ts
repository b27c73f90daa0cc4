/** Limits of agents: concurrent requests, checks of answers; and calls whose client disconnects. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAgent, type Script, type ScriptedAgent } from '../agents/scripted-agent.ts';
import { allEvents } from '../api/event-reader.ts';
import type { Json } from '../rig/http-client.ts';
import { startTestNode, type TestNode } from '../rig/test-node.ts';

describe('bounds of an agent', () => {
  let test: TestNode;
  const agents: ScriptedAgent[] = [];

  const start = async (script: Script): Promise<ScriptedAgent> => {
    const agent = await startAgent(script);
    agents.push(agent);
    return agent;
  };

  /** An agent that answers only when the test says so. */
  const startGated = async () => {
    let openGate = (): void => undefined;
    const gate = new Promise<void>((resolve) => (openGate = resolve));
    let open = 0;
    const most = { open: 0 };
    const agent = await start(async () => {
      open += 1;
      most.open = Math.max(most.open, open);
      await gate;
      open -= 1;
      return { body: { content: 'through the gate' } };
    });
    return { agent, most, openGate: () => openGate() };
  };

  beforeAll(async () => {
    test = await startTestNode({ HOLDFAST_EXPECT_TIMEOUT_MS: '3000' });
  });
  afterAll(async () => {
    await test.close();
    await Promise.all(agents.map((agent) => agent.close()));
  });

  it('refuses calls beyond max_concurrency with 429, Retry-After and RateLimit, and accepts calls again later', async () => {
    const { agent, openGate } = await startGated();
    await test.http.register('narrow', agent.port, { max_concurrency: 2 });
    const call = () => test.http.call({ agent_name: 'narrow', prompt: 'hello' });
    const first = [call(), call()];
    await agent.waitForRequests(2);

    const refused = await call();

    expect(refused).toMatchObject({ status: 429, body: { error_type: 'overloaded' } });
    expect(refused.headers.get('Retry-After')).toBe('1');
    expect(refused.headers.get('RateLimit')).toBe('"agent";r=0;t=1');
    expect(refused.headers.get('RateLimit-Policy')).toBe('"agent";q=2;qu="concurrent-requests"');
    openGate();
    expect((await Promise.all(first)).map(({ body }) => body.success)).toEqual([true, true]);
    expect((await call()).status).toBe(200);
  });

  it('lets failovers wait for a slot of their fallback, so that it never has more requests than max_concurrency', async () => {
    const { agent, most, openGate } = await startGated();
    const refusing = await start(() => ({ status: 401 }));
    await test.http.register('one-at-a-time', agent.port, { max_concurrency: 1 });
    await test.http.register('refusing', refusing.port, { fallback_agents: ['one-at-a-time'] });

    const calls = Array.from({ length: 4 }, () => test.http.call({ agent_name: 'refusing', prompt: 'x' }));
    await agent.waitForRequests(1);
    openGate();

    expect((await Promise.all(calls)).map(({ body }) => body.success)).toEqual([true, true, true, true]);
    expect(most.open).toBe(1);
  });

  it('skips a fallback without a free slot in time: it has no try, no counted failure and a closed circuit', async () => {
    const { agent, openGate } = await startGated();
    const refusing = await start(() => ({ status: 401 }));
    const free = await start(() => ({ body: { content: 'from the free one' } }));
    await test.http.register('free', free.port);
    await test.http.register('busy', agent.port, { max_concurrency: 1, fallback_agents: ['free'] });
    await test.http.register('passing on', refusing.port, { fallback_agents: ['busy'] });
    const holder = test.http.call({ agent_name: 'busy', prompt: 'holds the slot' });
    await agent.waitForRequests(1);

    for (let call = 0; call < 3; call++) {
      const body = { agent_name: 'passing on', prompt: 'hello', deadline_seconds: 1.5 };
      const { body: passed } = await test.http.call(body);
      expect(passed).toMatchObject({ success: true, agent_name: 'free' });
      const attempt = (passed.attempts as Json[]).find((one) => one.agent === 'busy');
      expect(attempt).toMatchObject({ status: 'failed', error_type: 'no_slot', tries: 0, try_log: [] });
      expect(attempt?.error).toMatch(
        /^Its max_concurrency of 1 left no slot free in time, so it was not asked; raise/,
      );
    }

    expect(agent.requests).toHaveLength(1);
    expect((await test.http.get('/api/vps/health/busy')).body).toMatchObject({
      total_requests: 0,
      total_failures: 0,
      circuit: 'closed',
      error_metrics: { no_slot: 3 },
    });
    openGate();
    expect((await holder).body).toMatchObject({ success: true });
  });

  it('ends a call whose last agent has no free slot with no_slot, at the deadline and not before, with the same in its events', async () => {
    const { agent, openGate } = await startGated();
    const refusing = await start(() => ({ status: 401 }));
    await test.http.register('taken', agent.port, { max_concurrency: 1 });
    await test.http.register('hoping', refusing.port, { fallback_agents: ['taken'] });
    const holder = test.http.call({ agent_name: 'taken', prompt: 'holds the slot' });
    await agent.waitForRequests(1);

    const { body } = await test.http.call({ agent_name: 'hoping', prompt: 'hello', deadline_seconds: 1.5 });

    expect(body).toMatchObject({ success: false, error_type: 'no_slot' });
    expect(body.error).toMatch(/^All agents failed. Last error: Its max_concurrency of 1 /);
    const told = await allEvents(`${test.http.url}/api/vps/calls/${String(body.call_id)}/events`);
    const story = told.map(({ event, data }) => [
      event,
      data.agent ?? data.to ?? null,
      data.error_type ?? null,
    ]);
    expect(story).toEqual([
      ['accepted', null, null],
      ['attempt_started', 'hoping', null],
      ['attempt_failed', 'hoping', 'auth'],
      ['failover', 'taken', 'auth'],
      ['attempt_started', 'taken', null],
      ['attempt_failed', 'taken', 'no_slot'],
      ['failed', null, 'no_slot'],
      ['end', null, null],
    ]);
    openGate();
    await holder;
  });

  it('reports an agent as not asked if its call was cancelled while it waited for a slot', async () => {
    const { agent, openGate } = await startGated();
    await test.http.register('occupied', agent.port, { max_concurrency: 1 });
    const holder = test.http.call({ agent_name: 'occupied', prompt: 'holds the slot' });
    await agent.waitForRequests(1);
    const cancelled = async (name: string, untilReady: (id: string) => Promise<void>): Promise<Json> => {
      const refusing = await start(() => ({ status: 401 }));
      await test.http.register(name, refusing.port, { fallback_agents: ['occupied'] });
      const { body } = await test.http.call(
        { agent_name: name, prompt: 'hello' },
        { Prefer: 'respond-async' },
      );
      const path = `/api/vps/calls/${String(body.call_id)}`;
      await refusing.waitForRequests(1);
      await untilReady(String(body.call_id));
      await test.http.post(`${path}/cancel`);
      await expect.poll(async () => (await test.http.get(path)).body.status).toBe('cancelled');
      return (await test.http.get(path)).body;
    };
    const askedByActivity = async (id: string): Promise<void> => {
      const handle = test.temporal.workflow.getHandle(`call-${id}`);
      await expect.poll(async () => (await handle.describe()).raw.pendingActivities?.length).toBe(1);
    };

    const ended = [
      await cancelled('before it', () => Promise.resolve()),
      await cancelled('long before it', askedByActivity),
    ];

    for (const { attempts } of ended)
      expect(attempts).toMatchObject([
        { error_type: 'auth', tries: 1 },
        {
          agent: 'occupied',
          status: 'failed',
          error_type: 'cancelled',
          tries: 0,
          try_log: [],
          latency_ms: 0,
        },
      ]);
    openGate();
    await holder;
    expect(agent.requests).toHaveLength(1);
  });

  it("does not count the wait for a slot as the agent's time", async () => {
    const { agent, openGate } = await startGated();
    const refusing = await start(() => ({ status: 401 }));
    await test.http.register('in line', agent.port, { max_concurrency: 1 });
    await test.http.register('waiting', refusing.port, { fallback_agents: ['in line'] });
    const holder = test.http.call({ agent_name: 'in line', prompt: 'holds the slot' });
    await agent.waitForRequests(1);
    const { body } = await test.http.call(
      { agent_name: 'waiting', prompt: 'hello' },
      { Prefer: 'respond-async' },
    );
    await refusing.waitForRequests(1);
    const waitsSince = Date.now();
    // The first task has handed the request over to the activity, so it has waited for half a second.
    const handle = test.temporal.workflow.getHandle(`call-${String(body.call_id)}`);
    const pending = async () => (await handle.describe()).raw.pendingActivities?.length;
    await expect.poll(pending).toBe(1);
    const waitedMs = Date.now() - waitsSince;
    openGate();
    await handle.result();

    const ended = (await test.http.get(`/api/vps/calls/${String(body.call_id)}`)).body;
    expect(ended).toMatchObject({ success: true, agent_name: 'in line' });
    expect((ended.attempts as Json[])[1]?.latency_ms).toBeLessThan(waitedMs / 2);
    await holder;
  });

  it.each([
    ['is too short', { min_length: 10 }, 'short', /shorter than 10/],
    ['holds a denied word', { deny_regex: '(?i)as an ai' }, 'As an AI I cannot say', /deny_regex/],
    ['is not JSON', { json_schema: { type: 'object' } }, 'no JSON', /not JSON/],
    [
      'is not of the schema',
      { json_schema: { type: 'object', required: ['total'], properties: { total: { type: 'number' } } } },
      '{"total":"three"}',
      /\/total must be number/,
    ],
  ])(
    'an answer that %s is invalid_response, asked once more, and falls back',
    async (what, rule, content, error) => {
      const wrong = await start(() => ({ body: { content } }));
      const right = await start(() => ({ body: { content: 'a fallback that is long enough' } }));
      await test.http.register(`right ${what}`, right.port);
      await test.http.register(`wrong ${what}`, wrong.port, {
        expect: rule,
        max_retries: 3,
        fallback_agents: [`right ${what}`],
      });

      const { body } = await test.http.call({ agent_name: `wrong ${what}`, prompt: 'hello' });

      const [attempt] = body.attempts as Json[];
      expect(attempt).toMatchObject({ error_type: 'invalid_response', tries: 2 });
      expect(attempt?.error).toMatch(error);
      expect(body.agent_name).toBe(`right ${what}`);
    },
  );

  it('an answer whose check takes long delays only its own call: /healthz answers meanwhile', async () => {
    const many = JSON.stringify(Array.from({ length: 120_000 }, (_, i) => i));
    const agent = await start(() => ({ body: { content: many } }));
    const expected = { expect: { json_schema: { uniqueItems: true } }, max_retries: 0 };
    await test.http.register('numerous', agent.port, expected);
    const call = { over: false };
    const asked = test.http
      .call({ agent_name: 'numerous', prompt: 'hello' })
      .finally(() => (call.over = true));
    await agent.waitForRequests(1);

    const tookMs: number[] = [];
    while (!call.over) {
      const askedAt = performance.now();
      expect((await test.http.get('/healthz')).status).toBe(200);
      tookMs.push(performance.now() - askedAt);
    }

    expect((await asked).body.error).toMatch(/could not be checked within 3 s/);
    expect(tookMs.length).toBeGreaterThan(10);
    expect(Math.max(...tookMs)).toBeLessThan(1_500);
  });

  it('an answer that meets the expectations is accepted', async () => {
    const agent = await start(() => ({ body: { content: '{"total":3}' } }));
    const json_schema = { type: 'object', required: ['total'] };
    await test.http.register('expected', agent.port, {
      expect: { min_length: 5, deny_regex: 'sorry', json_schema },
    });
    const { body } = await test.http.call({ agent_name: 'expected', prompt: 'hello' });
    expect(body).toMatchObject({ success: true, response: '{"total":3}' });
    const listed = (await test.http.get('/api/vps/agents')).body.agents as Json[];
    expect(listed.find((one) => one.name === 'expected')?.expect).toEqual({
      min_length: 5,
      deny_regex: 'sorry',
      json_schema,
    });
  });

  it.each([
    ['deny_regex', { deny_regex: '(unclosed' }],
    ['deny_regex', { deny_regex: '(a)\\1' }],
    ['json_schema', { json_schema: { type: 'nonsense' } }],
    ['json_schema', { json_schema: { $ref: 'https://example.com/schema.json' } }],
  ])('a registration whose %s cannot be compiled is refused and names the field', async (field, rule) => {
    const { status, body } = await test.http.post('/api/vps/register', {
      name: 'uncompilable',
      host: '127.0.0.1',
      port: 1,
      expect: rule,
    });
    expect(status).toBe(422);
    expect((body.errors as Json[])[0]?.field).toBe(`expect.${field}`);
  });

  it('a call whose client disconnects runs on, or is cancelled within a second with on_disconnect: cancel', async () => {
    const { agent, openGate } = await startGated();
    await test.http.register('patient', agent.port);
    const leave = async (on_disconnect: string): Promise<void> => {
      const before = agent.requests.length;
      const client = new AbortController();
      const call = fetch(`${test.http.url}/api/vps/call`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ agent_name: 'patient', prompt: 'hello', on_disconnect }),
        signal: client.signal,
      });
      await agent.waitForRequests(before + 1);
      client.abort();
      await expect(call).rejects.toThrow();
    };

    await leave('finish');
    const leftAt = Date.now();
    await leave('cancel');
    await agent.waitForAborts(1);

    // Long before anything else would end that request, even on a busy machine.
    expect(Date.now() - leftAt).toBeLessThan(5_000);
    expect(agent.requests.map((request) => request.aborted)).toEqual([false, true]);
    openGate();
    const statuses = async (): Promise<unknown[]> => {
      const { body } = await test.http.get('/api/vps/calls?agent=patient');
      return (body.calls as Json[]).map((call) => call.status).sort();
    };
    await expect.poll(statuses).toEqual(['cancelled', 'completed']);
  });
});
