/** The agents that a node knows: registered, listed, replaced, removed, never with a token. */
import { describe, expect, it } from 'vitest';
import type { AgentConfig } from '../../src/domain/agent.ts';
import { agentDirectoryId } from '../../src/domain/ids.ts';
import { registerAgentUpdate } from '../../src/workflows/messages.ts';
import type { HttpAnswer, Json } from '../rig/http-client.ts';
import { expectInvalid, expectProblem } from './problem.ts';
import { says } from './scripts.ts';
import { useNode } from './use-node.ts';

describe('the agent directory', () => {
  const node = useNode({ HOLDFAST_MAX_AGENTS: '3' });
  const register = (fields: Json): Promise<HttpAnswer> =>
    node.http.post('/api/vps/register', { host: '127.0.0.1', port: 8_080, ...fields });
  const listed = async (): Promise<Json[]> => (await node.http.get('/api/vps/agents')).body.agents as Json[];
  const remove = (name: string) => node.http.delete(`/api/vps/agents/${encodeURIComponent(name)}`);

  it('lists no agents before one is registered', async () => {
    expect((await node.http.get('/api/vps/agents')).body).toEqual({ total: 0, agents: [] });
  });

  it.each(['.', '..'])(
    'are not called %s, which no URL can hold; one of earlier is read and removed by ?id=',
    async (name) => {
      expectInvalid(await register({ name }), 'name');
      const config: AgentConfig = {
        name,
        host: '127.0.0.1',
        port: 9,
        protocol: 'http',
        path: '/',
        timeoutMs: 1_000,
        maxRetries: 0,
        fallbackAgents: [],
        history: 'window',
      };
      await node.temporal.workflow
        .getHandle(agentDirectoryId)
        .executeUpdate(registerAgentUpdate, { args: [config] });
      const byId = `/api/vps/agents?id=${name}`;
      await expect
        .poll(() => node.http.get(byId))
        .toMatchObject({ status: 200, body: { name, port: 9, has_auth_token: false } });
      const health = `/api/vps/health?id=${name}`;
      expect(await node.http.get(health)).toMatchObject({
        status: 200,
        body: { agent_name: name, status: 'healthy' },
      });
      expect((await node.http.delete(byId)).status).toBe(204);
      for (const gone of [
        await node.http.get(health),
        await node.http.get(byId),
        await node.http.delete(byId),
      ])
        expectProblem(gone, 404, 'agent_not_found');
      expectInvalid(await node.http.delete('/api/vps/agents'), 'id');
      expect(await listed()).toEqual([]);
    },
  );

  it('refuses an agent called __proto__', async () => {
    expectInvalid(await register({ name: '__proto__' }), 'name');
  });

  it('gives agents the defaults that old clients rely on', async () => {
    expect(await register({ name: 'plain' })).toMatchObject({
      status: 201,
      body: {
        status: 'registered',
        agent_name: 'plain',
        url: 'http://127.0.0.1:8080',
        replaced: false,
        warnings: [],
      },
    });
    expect(await listed()).toEqual([
      {
        name: 'plain',
        project: null,
        host: '127.0.0.1',
        port: 8_080,
        protocol: 'http',
        url: 'http://127.0.0.1:8080',
        path: '/v1/messages',
        timeout_seconds: 30,
        max_retries: 3,
        max_concurrency: null,
        fallback_agents: [],
        fallback_of: [],
        history: 'window',
        expect: null,
        health_path: null,
        has_auth_token: false,
        auth_token_reference: null,
        paused: null,
      },
    ]);
  });

  it('replaces the whole config of an agent that is registered again, and the answer says so', async () => {
    const full = {
      name: 'plain',
      host: 'agents.internal',
      port: 443,
      protocol: 'https',
      auth_token: 'tk-0123456789',
      timeout_seconds: 2.5,
      max_retries: 0,
      max_concurrency: 7,
      fallback_agents: ['other', 'nobody'],
      path: '/ask',
      history: 'none',
      expect: { min_length: 3 },
      health_path: '/health',
    };

    const { body } = await register(full);

    expect(body).toMatchObject({ replaced: true, url: 'https://agents.internal:443' });
    expect(await listed()).toEqual([
      {
        ...full,
        project: null,
        fallback_of: [],
        auth_token: undefined,
        url: body.url,
        expect: { min_length: 3, json_schema: null, deny_regex: null },
        has_auth_token: true,
        auth_token_reference: null,
        paused: null,
      },
    ]);
    expect((await register({ name: 'plain' })).body.replaced).toBe(true);
    expect((await listed())[0]).toMatchObject({ has_auth_token: false, fallback_agents: [], port: 8_080 });
  });

  it('keeps the token of an agent that is registered again with keep_auth_token, but only for the same host', async () => {
    const agent = await node.agent('plain', says('hello'), { auth_token: 'tk-kept' });
    const keeping = { name: 'plain', port: agent.port, keep_auth_token: true };
    expect(await register({ ...keeping, timeout_seconds: 7 })).toMatchObject({
      status: 201,
      body: { replaced: true, warnings: [] },
    });
    await node.http.call({ agent_name: 'plain', prompt: 'hello' });
    expect(agent.requests.at(-1)?.headers.authorization).toBe('Bearer tk-kept');

    for (const elsewhere of [{ host: 'localhost' }, { auth_token: 'tk-another' }])
      expectInvalid(await register({ ...keeping, ...elsewhere }), 'keep_auth_token');
    expect((await listed())[0]).toMatchObject({
      timeout_seconds: 7,
      host: '127.0.0.1',
      has_auth_token: true,
    });

    expect((await register({ ...keeping, protocol: 'https' })).status).toBe(201);
    expectInvalid(await register(keeping), 'keep_auth_token'); // In the clear again.
    await register({ name: 'plain' });
    expect((await register(keeping)).body.warnings).toEqual([expect.stringMatching(/no token to keep/)]);
  });

  it('accepts an agent whose fallback is not registered, with a warning that names the fallback', async () => {
    await register({ name: 'plain' });
    const { status, body } = await register({ name: 'first', fallback_agents: ['plain', 'nobody', 'first'] });
    expect(status).toBe(201);
    expect(body.warnings).toEqual([expect.stringMatching(/^fallback_agents: 'nobody' is not registered/)]);
    await remove('first');
  });

  it('shows no token in any answer', async () => {
    const token = 'tk-very-secret';
    const failing = await node.agent('plain', () => ({ status: 401, body: { error: `bad ${token}` } }), {
      auth_token: token,
    });
    const call = await node.http.call({ agent_name: 'plain', prompt: 'hello' });
    const answers = [
      call,
      await register({ name: 'plain', port: failing.port, auth_token: token }),
      await register({ name: 'plain', port: failing.port, auth_token: token, nonsense: 1 }),
      await node.http.get('/api/vps/agents'),
      await node.http.get('/api/vps/health/plain'),
      await node.http.get(`/api/vps/calls/${call.body.call_id as string}`),
      await node.http.get(`/api/vps/calls/${call.body.call_id as string}/history`),
      await node.http.get('/metrics'),
    ];
    expect(failing.requests[0]?.headers.authorization).toBe(`Bearer ${token}`);
    for (const { body } of answers) expect(JSON.stringify(body)).not.toContain(token);
  });

  it('lists agents by name, and accepts no more than the setting allows until one is removed', async () => {
    for (const name of ['zebra', 'ant']) expect((await register({ name })).status).toBe(201);

    expectProblem(await register({ name: 'one too many' }), 422, 'agents_full');

    expect((await listed()).map((one) => one.name)).toEqual(['ant', 'plain', 'zebra']);
    expect((await register({ name: 'zebra', port: 1 })).body.replaced).toBe(true);
    expect((await remove('ant')).status).toBe(204);
    expect(await register({ name: 'ünï/codé ?#😀' })).toMatchObject({ status: 201 });
    expect((await node.http.get('/api/vps/agents')).body.total).toBe(3);
    for (const name of ['zebra', 'ünï/codé ?#😀']) expect((await remove(name)).status).toBe(204);
  });

  it('no longer has an agent right after its removal, and a second removal is not found', async () => {
    await node.agent('removed', says('hello'));
    const removed = await remove('removed');

    expect(removed).toMatchObject({ status: 204, body: undefined });
    expectProblem(await remove('removed'), 404, 'agent_not_found');
    expectProblem(await node.http.get('/api/vps/health/removed'), 404, 'agent_not_found');
    expectProblem(await node.http.call({ agent_name: 'removed', prompt: 'x' }), 404, 'agent_not_found');
    expect((await listed()).map((one) => one.name)).not.toContain('removed');
  });

  it.each([
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '[::ffff:169.254.169.254]',
    '::ffff:a9fe:a9fe',
    'fd00:ec2::254',
    '0.0.0.0',
    '::',
    '224.0.0.1',
    'fe80::1',
    'metadata.google.internal.',
    'METADATA',
    'http://127.0.0.1',
    '127.0.0.1:80',
    'user@127.0.0.1',
    'host/path',
  ])('may not live at %s', async (host) => {
    const answer = await register({ name: 'refused', host });
    expectProblem(answer, 422, 'address_refused');
    expect((answer.body.errors as Json[]).map((one) => one.field)).toEqual(['host']);
    expect((await listed()).map((one) => one.name)).not.toContain('refused');
  });

  it.each([
    ['127.0.0.1', 'http://127.0.0.1:8080'],
    ['10.1.2.3', 'http://10.1.2.3:8080'],
    ['::1', 'http://[::1]:8080'],
    ['[fd12::1]', 'http://[fd12::1]:8080'],
    ['Agents.Example.COM.', 'http://agents.example.com:8080'],
  ])('may live at %s, which is %s', async (host, url) => {
    expect(await register({ name: 'taken', host })).toMatchObject({ status: 201, body: { url } });
    expect((await listed()).find((one) => one.name === 'taken')?.url).toBe(url);
  });
});
