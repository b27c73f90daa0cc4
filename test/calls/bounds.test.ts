/** What an agent may be asked at once, what its answer must be, and what becomes of a call whose client goes away. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAgent, type Script, type ScriptedAgent } from '../agents/scripted-agent.ts';
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

  /** An agent that answers only once it is told to. */
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
    test = await startTestNode();
  });
  afterAll(async () => {
    await test.close();
    await Promise.all(agents.map((agent) => agent.close()));
  });

  it('refuses calls beyond max_concurrency with 429, Retry-After and RateLimit, and takes them again later', async () => {
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

  it('lets failovers wait for a slot of their fallback, so that it is never asked more at once', async () => {
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

  it('an answer that is as expected is taken', async () => {
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

  it('a client that goes away leaves its call running, or cancels it within a second if it said so', async () => {
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

    expect(Date.now() - leftAt).toBeLessThan(1_000);
    expect(agent.requests.map((request) => request.aborted)).toEqual([false, true]);
    openGate();
    const statuses = async (): Promise<unknown[]> => {
      const { body } = await test.http.get('/api/vps/calls?agent=patient');
      return (body.calls as Json[]).map((call) => call.status).sort();
    };
    await expect.poll(statuses).toEqual(['cancelled', 'completed']);
  });
});
