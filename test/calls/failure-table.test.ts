/** Every row of the failure table over a real socket: its type, and whether it is retried, falls back and counts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failures, type ErrorType } from '../../src/domain/failures.ts';
import { startAgent, type Reply, type ScriptedAgent } from '../agents/scripted-agent.ts';
import type { Json } from '../rig/http-client.ts';
import { startTestNode, type TestNode } from '../rig/test-node.ts';

interface Case {
  readonly type: ErrorType;
  readonly when: string;
  readonly reply: Reply;
  /** The agent's configuration, besides one retry. */
  readonly config?: Json;
  /** How often the agent is asked when one retry is allowed. */
  readonly tries: number;
}

const cases: Case[] = [
  { type: 'timeout', when: 'no answer', reply: { hang: true }, config: { timeout_seconds: 0.3 }, tries: 2 },
  { type: 'connection', when: 'a reset socket', reply: { reset: true }, tries: 2 },
  { type: 'rate_limit', when: '429', reply: { status: 429, headers: { 'Retry-After': '1' } }, tries: 2 },
  { type: 'rate_limit', when: '429 without a header', reply: { status: 429 }, tries: 2 },
  {
    type: 'quota_exceeded',
    when: '429 with a used up quota',
    reply: { status: 429, body: { error: { code: 'insufficient_quota' } } },
    tries: 1,
  },
  { type: 'timeout', when: '408', reply: { status: 408, headers: { 'Retry-After-Ms': '100' } }, tries: 2 },
  {
    type: 'model_error',
    when: '425',
    reply: { status: 425, headers: { 'Retry-After-Ms': '100' } },
    tries: 2,
  },
  { type: 'model_error', when: '529', reply: { status: 529, headers: { 'Retry-After': '1' } }, tries: 2 },
  { type: 'model_error', when: '500', reply: { status: 500, body: { error: 'boom' } }, tries: 2 },
  { type: 'model_error', when: '503', reply: { status: 503 }, tries: 2 },
  { type: 'auth', when: '401', reply: { status: 401 }, tries: 1 },
  { type: 'auth', when: '403', reply: { status: 403 }, tries: 1 },
  { type: 'invalid_request', when: '400', reply: { status: 400 }, tries: 1 },
  { type: 'invalid_request', when: '404', reply: { status: 404 }, tries: 1 },
  { type: 'invalid_response', when: 'text instead of JSON', reply: { body: 'hello' }, tries: 2 },
  { type: 'invalid_response', when: 'no content', reply: { body: {} }, tries: 2 },
  { type: 'invalid_response', when: 'empty content', reply: { body: { content: '  ' } }, tries: 2 },
  {
    type: 'invalid_response',
    when: 'an error in a 200',
    reply: { body: { error: 'x', content: 'y' } },
    tries: 2,
  },
  { type: 'invalid_response', when: 'success: false', reply: { body: { success: false } }, tries: 2 },
  {
    type: 'invalid_response',
    when: 'a redirect',
    reply: { status: 302, headers: { Location: '/' } },
    tries: 2,
  },
  {
    type: 'payload_too_large',
    when: 'an answer over the limit',
    reply: { body: { content: 'x'.repeat(4_300_000) } },
    tries: 1,
  },
  {
    type: 'invalid_response',
    when: 'an unmet expectation that is told with 3 MB',
    reply: { body: { content: JSON.stringify({ ['x'.repeat(3_000_000)]: 'no number' }) } },
    config: { expect: { json_schema: { additionalProperties: { type: 'number' } } } },
    tries: 2,
  },
  { type: 'unknown', when: 'a status beyond the five classes', reply: { status: 999 }, tries: 2 },
];

describe('the failure table', () => {
  let test: TestNode;
  let fallback: ScriptedAgent;
  const agents: ScriptedAgent[] = [];

  const start = async (reply: Reply): Promise<ScriptedAgent> => {
    const agent = await startAgent(() => reply);
    agents.push(agent);
    return agent;
  };

  beforeAll(async () => {
    test = await startTestNode();
    fallback = await start({ body: { content: 'from the fallback' } });
    await test.http.register('fallback', fallback.port);
  });
  afterAll(async () => {
    await test.close();
    await Promise.all(agents.map((agent) => agent.close()));
  });

  // Concurrent, because most of them wait a second before they retry.
  it.concurrent.each(cases)('$when is $type', async ({ type, when, reply, config, tries }) => {
    const row = failures[type];
    const agent = await start(reply);
    const name = `${type} by ${when}`;
    await test.http.register(name, agent.port, { max_retries: 1, fallback_agents: ['fallback'], ...config });

    const { body } = await test.http.call({ agent_name: name, prompt: 'hello' });

    const [attempt] = body.attempts as Json[];
    expect(attempt).toMatchObject({ agent: name, status: 'failed', error_type: type, tries });
    expect(attempt?.error).toMatch(/^[^]{1,500}$/);
    expect(agent.requests).toHaveLength(tries);
    expect(new Set(agent.requests.map((request) => request.callKey)).size).toBe(1);
    expect(body).toMatchObject({
      success: row.fallBack,
      agent_name: row.fallBack ? 'fallback' : name,
      fallback_chain: [name, 'fallback'],
      retry_count: row.fallBack ? 1 : 0,
    });
    const health = await test.http.get(`/api/vps/health/${encodeURIComponent(name)}`);
    expect(health.body).toMatchObject({
      total_failures: row.health === 'ignored' ? 0 : 1,
      status: { counts: 'unhealthy', unreachable: 'unreachable', ignored: 'healthy' }[row.health],
      error_metrics: { [type]: 1 },
    });
  });

  it('a refused connection fails with connection and makes the agent unreachable', async () => {
    const gone = await start({});
    await gone.stop();
    await test.http.register('gone', gone.port, { max_retries: 0 });

    const { status, body } = await test.http.call({ agent_name: 'gone', prompt: 'hello' });

    expect(status).toBe(200);
    expect(body).toMatchObject({
      success: false,
      agent_name: 'gone',
      response: null,
      error_type: 'connection',
    });
    expect(body.error).toMatch(/^All agents failed\. Last error: /);
    const health = await test.http.get('/api/vps/health/gone');
    expect(health.body).toMatchObject({ status: 'unreachable', consecutive_failures: 1 });
  });

  it('an idle connection that the agent closed costs no try and does not count, and the agent is asked on a new one', async () => {
    let resets = 0;
    const agent = await startAgent(({ attempt }) =>
      attempt > 1 && resets++ === 0 ? { reset: true } : { body: { content: 'mine' } },
    );
    agents.push(agent);
    await test.http.register('keeps', agent.port, { max_retries: 0, fallback_agents: ['fallback'] });
    await test.http.call({ agent_name: 'keeps', prompt: 'hello' });

    const { body } = await test.http.call({ agent_name: 'keeps', prompt: 'hello' });

    expect(body).toMatchObject({ success: true, agent_name: 'keeps', response: 'mine' });
    expect(body.attempts).toMatchObject([{ status: 'ok', tries: 1 }]);
    const [, stale, again] = agent.requests;
    expect(agent.requests).toHaveLength(3);
    expect(again).toMatchObject({ callKey: stale?.callKey, body: stale?.body });
    expect(again?.clientPort).not.toBe(stale?.clientPort);
    expect((await test.http.get('/api/vps/health/keeps')).body).toMatchObject({
      status: 'healthy',
      total_failures: 0,
      circuit: 'closed',
    });
  });

  it("the call's own deadline fails it with deadline_exceeded, asks no other agent and does not count", async () => {
    const slow = await start({ hang: true });
    await test.http.register('overdue', slow.port, { max_retries: 0 });

    const startedAt = Date.now();
    const { body } = await test.http.call({ agent_name: 'overdue', prompt: 'hello', deadline_seconds: 1.5 });
    // Not before the deadline, apart from the precision of the clocks.
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(1_490);

    expect(body).toMatchObject({ success: false, error_type: 'deadline_exceeded' });
    expect(body.error).toBe("The call's deadline of 1.5 s passed");
    await slow.waitForAborts(1);
    const health = await test.http.get('/api/vps/health/overdue');
    expect(health.body).toMatchObject({ status: 'healthy', total_failures: 0 });
    expect(health.body.error_metrics).toMatchObject({ deadline_exceeded: 1 });
  });

  it('an agent that uses up its share of the deadline fails with timeout, which counts, and the fallback still answers', async () => {
    const slow = await start({ hang: true });
    await test.http.register('slice', slow.port, { max_retries: 3, fallback_agents: ['fallback'] });

    const { body } = await test.http.call({ agent_name: 'slice', prompt: 'hello', deadline_seconds: 3 });

    expect(body).toMatchObject({ success: true, agent_name: 'fallback' });
    expect((body.attempts as Json[])[0]).toMatchObject({ error_type: 'timeout' });
    expect((await test.http.get('/api/vps/health/slice')).body).toMatchObject({ total_failures: 1 });
  });

  it('a hung agent never prevents its fallback from being asked, even with the shortest deadline for both', async () => {
    const hung = await start({ hang: true });
    await test.http.register('hung', hung.port, { fallback_agents: ['fallback'] });
    for (const deadline_seconds of [2, 1.05, 1, 0.8]) {
      const { body } = await test.http.call({ agent_name: 'hung', prompt: 'hello', deadline_seconds });
      expect(body).toMatchObject({ success: true, agent_name: 'fallback' });
      expect((body.attempts as Json[])[0]).toMatchObject({ agent: 'hung', error_type: 'timeout', tries: 1 });
      await test.http.post('/api/vps/health/hung/reset'); // With an open circuit it would be asked last.
    }
  });

  it('a deadline that is too short for the whole chain skips agents from its end, and lists them', async () => {
    const hung = await start({ hang: true });
    const names = Array.from({ length: 10 }, (_, index) => `link ${index}`);
    for (const [index, name] of names.entries())
      await test.http.register(name, hung.port, { fallback_agents: names.slice(index + 1, index + 2) });

    const startedAt = Date.now();
    const { body } = await test.http.call({ agent_name: 'link 0', prompt: 'hello', deadline_seconds: 1 });

    expect(body).toMatchObject({ success: false, error_type: 'deadline_exceeded', fallback_chain: names });
    expect(body.error).toBe("The call's deadline of 1 s passed");
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(990);
    const attempts = body.attempts as Json[];
    expect(attempts.map(({ agent }) => agent)).toEqual(names);
    const room = attempts.filter(({ status }) => status === 'failed').length;
    expect(attempts.slice(0, room).map(({ error_type, tries }) => [error_type, tries])).toEqual([
      ...Array.from({ length: room - 1 }, () => ['timeout', 1]),
      ['deadline_exceeded', 1],
    ]);
    expect(room).toBeGreaterThanOrEqual(2);
    expect(room).toBeLessThanOrEqual(4);
    for (const attempt of attempts.slice(room))
      expect(attempt).toMatchObject({
        status: 'skipped',
        tries: 0,
        error: `Left out: the call's deadline of 1 s has room for ${room} agents`,
      });
    expect(hung.requests).toHaveLength(room);
  });

  it('ten agents are all asked within five seconds, including the last one', async () => {
    const failing = await start({ status: 401 });
    const last = await start({ body: { content: 'from the last' } });
    const names = Array.from({ length: 10 }, (_, index) => `one of ten ${index}`);
    for (const [index, name] of names.entries())
      await test.http.register(name, index === 9 ? last.port : failing.port, {
        fallback_agents: names.slice(index + 1, index + 2),
      });
    const { body } = await test.http.call({ agent_name: names[0], prompt: 'hello', deadline_seconds: 4.9 });
    expect(body).toMatchObject({ success: true, agent_name: names[9], retry_count: 9 });
  });

  it('a cancelled call ends as cancelled, closes its socket and asks no other agent', async () => {
    const slow = await start({ hang: true });
    await test.http.register('cancelled', slow.port, { fallback_agents: ['fallback'] });
    const before = fallback.requests.length;
    const accepted = await test.http.call(
      { agent_name: 'cancelled', prompt: 'hello' },
      { Prefer: 'respond-async' },
    );
    expect(accepted.status).toBe(202);
    const path = accepted.headers.get('Location') ?? '';
    await slow.waitForRequests(1);

    expect((await test.http.post(`${path}/cancel`)).status).toBe(202);

    await slow.waitForAborts(1);
    const ended = await waitForEnd(test, path);
    expect(ended).toMatchObject({ status: 'cancelled', success: false, error_type: 'cancelled' });
    expect((await test.http.post(`${path}/cancel`)).status).toBe(200);
    expect(fallback.requests).toHaveLength(before);
    expect((await test.http.get('/api/vps/health/cancelled')).body).toMatchObject({ total_failures: 0 });
  });

  it('a token that was sealed with another key fails with internal: no retry, the fallback answers, and it does not count', async () => {
    const agent = await start({ body: { content: 'never asked' } });
    await test.http.register('sealed', agent.port, {
      auth_token: 'some-token',
      fallback_agents: ['fallback'],
    });
    await test.temporal.workflow.getHandle('agent-directory').executeUpdate('registerAgent', {
      args: [
        {
          name: 'sealed',
          host: '127.0.0.1',
          port: agent.port,
          protocol: 'http',
          path: '/v1/messages',
          sealedToken: 'v1.00000000.AAAA',
          timeoutMs: 30_000,
          maxRetries: 1,
          fallbackAgents: ['fallback'],
          history: 'window',
        },
      ],
    });
    await expect
      .poll(async () => {
        const { body } = await test.http.call({ agent_name: 'sealed', prompt: 'hello' });
        return (body.attempts as Json[])[0]?.error_type ?? null;
      })
      .toBe('internal');
    expect((await test.http.get('/api/vps/health/sealed')).body).toMatchObject({ total_failures: 0 });
  });

  it('finds exactly the failed calls by ExecutionStatus="Failed" in visibility', async () => {
    await expect
      .poll(async () => {
        const failed: (string | undefined)[] = [];
        for await (const one of test.temporal.workflow.list({ query: 'ExecutionStatus="Failed"' }))
          failed.push(one.type);
        return failed;
      })
      .toEqual(['agentCall', 'agentCall', 'agentCall']);
  });
});

async function waitForEnd(test: TestNode, path: string): Promise<Json> {
  let body: Json = {};
  await expect
    .poll(async () => {
      ({ body } = await test.http.get(path));
      return body.status;
    })
    .not.toBe('running');
  return body;
}
