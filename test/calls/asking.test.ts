/** How a call asks its agents: the chain, the times of retries, what is sent, and how large an answer may be. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAgent, type Script, type ScriptedAgent } from '../agents/scripted-agent.ts';
import type { Json } from '../rig/http-client.ts';
import { replayAll } from '../rig/replay-all.ts';
import { startTestNode, type TestNode } from '../rig/test-node.ts';

describe('asking the agents of a call', () => {
  let test: TestNode;
  const agents: ScriptedAgent[] = [];

  const start = async (script: Script): Promise<ScriptedAgent> => {
    const agent = await startAgent(script);
    agents.push(agent);
    return agent;
  };

  beforeAll(async () => {
    test = await startTestNode();
  });
  afterAll(async () => {
    await test.close();
    await Promise.all(agents.map((agent) => agent.close()));
  });

  it('walks the chain transitively, asks each agent once despite a cycle, and lists unregistered agents as skipped', async () => {
    const asked: string[] = [];
    const refuse = await start(({ body }) => {
      asked.push((body as { model: string }).model);
      return { status: 401 };
    });
    const links: [string, string[]][] = [
      ['a', ['b', 'nobody']],
      ['b', ['c', 'a']],
      ['c', ['a', 'b', 'd']],
      ['d', ['a']],
    ];
    for (const [name, fallback_agents] of links)
      await test.http.register(name, refuse.port, { fallback_agents });

    const { body } = await test.http.call({ agent_name: 'a', prompt: 'hello' });

    expect(asked).toEqual(['a', 'b', 'c', 'd']);
    expect(body).toMatchObject({
      success: false,
      agent_name: 'a',
      error_type: 'auth',
      fallback_chain: ['a', 'b', 'c', 'd'],
      retry_count: 3,
    });
    expect(body.attempts).toContainEqual(
      expect.objectContaining({ agent: 'nobody', status: 'skipped', tries: 0 }),
    );
  });

  it('waits 1 s, 2 s between tries, each within 10 %, and sends the same key each time', async () => {
    const flaky = await start(({ attempt }) =>
      attempt < 3 ? { status: 500 } : { body: { content: 'third time' } },
    );
    await test.http.register('third', flaky.port, { max_retries: 2 });

    const { body } = await test.http.call({ agent_name: 'third', prompt: 'hello' });

    expect(body).toMatchObject({ success: true, response: 'third time', retry_count: 0 });
    expect((body.attempts as Json[])[0]).toMatchObject({ status: 'ok', tries: 3 });
    const [first, second, third] = flaky.requests.map((request) => request.startedAt) as [
      number,
      number,
      number,
    ];
    expect(second - first).toBeGreaterThanOrEqual(890);
    expect(second - first).toBeLessThan(2_000);
    expect(third - second).toBeGreaterThanOrEqual(1_790);
    expect(third - second).toBeLessThan(3_200);
    expect(new Set(flaky.requests.map((request) => request.callKey))).toEqual(
      new Set([`${body.call_id as string}/third`]),
    );
  });

  it.each([
    ['seconds', () => '3'],
    ['an HTTP-date', () => new Date(Date.now() + 4_000).toUTCString()],
  ])('comes back no sooner than Retry-After in %s says', async (_form, header) => {
    const limited = await start(({ attempt }) =>
      attempt === 1 ? { status: 429, headers: { 'Retry-After': header() } } : { body: { content: 'now' } },
    );
    const name = `limited ${limited.port}`;
    await test.http.register(name, limited.port, { max_retries: 1 });

    const { body } = await test.http.call({ agent_name: name, prompt: 'hello' });

    expect(body.success).toBe(true);
    const [first, second] = limited.requests.map((request) => request.startedAt) as [number, number];
    expect(second - first).toBeGreaterThanOrEqual(2_990);
  });

  it('falls back at once when Retry-After does not fit into the deadline', async () => {
    const limited = await start(() => ({ status: 429, headers: { 'Retry-After': '3600' } }));
    const other = await start(() => ({ body: { content: 'other' } }));
    await test.http.register('other', other.port);
    await test.http.register('too-late', limited.port, { fallback_agents: ['other'] });

    const { body } = await test.http.call({ agent_name: 'too-late', prompt: 'hello', deadline_seconds: 60 });

    expect(body).toMatchObject({ success: true, agent_name: 'other' });
    expect(limited.requests).toHaveLength(1);
    expect(body.latency_ms).toBeLessThan(3_000);
  });

  it('sends the prompt alone to an agent with history none, and the window to others', async () => {
    const echo = await start(() => ({ body: { content: [{ type: 'text', text: 'blocks' }] } }));
    await test.http.register('forgetful', echo.port, {
      history: 'none',
      path: '/own/path',
      auth_token: 'tok-123456',
    });
    await test.http.register('mindful', echo.port);
    const say = (agent_name: string, prompt: string) =>
      test.http.call({ agent_name, prompt, session_id: 'history' });

    await say('mindful', 'one');
    await say('forgetful', 'two');
    await say('mindful', 'three');

    const [, forgetful, mindful] = echo.requests;
    expect(forgetful?.body).toEqual({
      model: 'forgetful',
      messages: [{ role: 'user', content: 'two' }],
      session_id: 'history',
    });
    expect(forgetful?.path).toBe('/own/path');
    expect(forgetful?.headers.authorization).toBe('Bearer tok-123456');
    expect((mindful?.body as { messages: unknown[] }).messages).toHaveLength(5);
  });

  it('renews a session by continue-as-new under load without losing a turn or a message', async () => {
    const echo = await start(({ body }) => ({
      body: {
        content: `re: ${(body as { messages: { content: string }[] }).messages.at(-1)?.content ?? ''}`,
      },
    }));
    await test.http.register('renewing', echo.port, { history: 'none' });
    // Large early messages make every window large, so the history reaches Temporal's limit within 25 turns.
    for (let turn = 1; turn <= 8; turn++)
      await test.http.call({ agent_name: 'renewing', prompt: 'x'.repeat(15_000), session_id: 'renewed' });
    const prompts = Array.from({ length: 25 }, (_, i) => `turn ${i}`);

    const answers = await Promise.all(
      prompts.map((prompt) => test.http.call({ agent_name: 'renewing', prompt, session_id: 'renewed' })),
    );

    expect(answers.every(({ body }) => body.success && body.session_stored)).toBe(true);
    const { body } = await test.http.get('/api/vps/sessions/renewed');
    const contents = (body.messages as { content: string }[]).slice(16).map((one) => one.content);
    expect([...contents].sort()).toEqual([...prompts, ...prompts.map((prompt) => `re: ${prompt}`)].sort());
    const runs = [];
    for await (const run of test.temporal.workflow.list({ query: 'WorkflowId = "session-renewed"' }))
      runs.push(run.status.name);
    expect(runs).toContain('CONTINUED_AS_NEW');
    expect(await replayAll(test.temporal)).toBeGreaterThan(25);
  });

  // Temporal deletes runs in the background, and a run that closed just now only after a backoff.
  it(
    'deletes every run of a session that has continued as new, with all its content',
    { timeout: 120_000 },
    async () => {
      expect((await test.http.delete('/api/vps/sessions/renewed')).status).toBe(204);
      const countRuns = async (): Promise<number> => {
        const { count } = await test.temporal.workflow.count('WorkflowId = "session-renewed"');
        return count;
      };
      await expect.poll(countRuns, { timeout: 100_000 }).toBe(0);
    },
  );
});
