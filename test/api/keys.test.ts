/** API keys that the cluster keeps: who may create them, what they allow, and when they end. */
import { describe, expect, it } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { startNodeWithFacades } from '../rig/facades-beside.ts';
import { HttpClient, type HttpAnswer, type Json } from '../rig/http-client.ts';
import { newKeyText } from '../../src/domain/key-text.ts';
import { expectInvalid, expectProblem } from './problem.ts';
import { echo } from './scripts.ts';
import { says } from './scripts.ts';
import { useNode } from './use-node.ts';

interface Made {
  readonly id: string;
  readonly text: string;
  readonly http: HttpClient;
}

async function make(by: HttpClient, url: string, wish: Json): Promise<Made> {
  const { status, body } = await by.post('/api/vps/keys', { name: 'test', ...wish });
  expect(status, JSON.stringify(body)).toBe(201);
  const text = String(body.key);
  return { id: String(body.id), text, http: new HttpClient(url, text) };
}

/** All byte strings of a history, for example payloads, as text. */
function textsIn(value: unknown): string[] {
  if (value instanceof Uint8Array) return [Buffer.from(value).toString()];
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

describe('a node on loopback', () => {
  const node = useNode();

  it('is closed by its first key, which must have admin', async () => {
    const { http } = node;
    const { body: before } = await http.get('/api/vps/keys');
    expect(before).toEqual({ total: 0, keys: [] });
    expectProblem(
      await http.post('/api/vps/keys', { name: 'crm', scopes: ['call'] }),
      422,
      'first_key_not_admin',
    );
    expect((await http.get('/api/vps/agents')).status).toBe(200);

    const admin = await make(http, http.url, { name: 'operator', scopes: ['admin'] });

    expectProblem(await http.get('/api/vps/agents'), 401, 'unauthorized');
    expectProblem(await http.post('/api/vps/keys', { name: 'crm', scopes: ['admin'] }), 401, 'unauthorized');
    expect((await http.get('/healthz')).status).toBe(200);
    expect((await admin.http.get('/api/vps/agents')).status).toBe(200);
    expectProblem(await admin.http.delete(`/api/vps/keys/${admin.id}`), 409, 'last_admin_key');
  });
});

describe('keys', () => {
  const bootstrap = 'bootstrap-key-of-the-test-0123456789';
  const node = useNode({ HOLDFAST_API_KEYS: bootstrap });
  const made = (wish: Json) => make(node.http, node.http.url, wish);

  it('allow what their scopes say, and no more', async () => {
    const agent = await node.agent('scoped', says('hello'));
    const call = await made({ scopes: ['call'] });
    const read = await made({ scopes: ['read'] });
    const operate = await made({ scopes: ['operate'] });
    const metrics = await made({ scopes: ['metrics'] });
    const admin = await made({ scopes: ['admin'] });
    const body = { agent_name: 'scoped', prompt: 'hi' };
    const requests: [string, (http: HttpClient) => Promise<HttpAnswer>, Made[]][] = [
      ['call', (http) => http.call(body), [call, admin]],
      ['read', (http) => http.get('/api/vps/calls'), [read, admin]],
      ['operate', (http) => http.post('/api/vps/health/scoped/reset'), [operate, admin]],
      ['metrics', (http) => http.get('/metrics'), [metrics, admin]],
      ['admin', (http) => http.get('/api/vps/keys'), [admin]],
    ];
    for (const [scope, send, allowed] of requests)
      for (const one of [call, read, operate, metrics, admin]) {
        const answer = await send(one.http);
        if (allowed.includes(one)) expect(answer.status, scope).toBe(200);
        else {
          expectProblem(answer, 403, 'scope_missing');
          expect(answer.body.detail).toContain(`needs the scope '${scope}'`);
        }
      }
    expect(agent.requests).toHaveLength(2);
    const paused = await operate.http.post('/api/vps/agents/scoped/pause');
    expect(paused).toMatchObject({ status: 200, body: { paused: { by: operate.id } } });
    expectProblem(await call.http.post('/api/vps/agents/scoped/resume'), 403, 'scope_missing');
    expect((await operate.http.post('/api/vps/agents/scoped/resume')).status).toBe(200);
  });

  it('are shown once, and neither listed nor kept as they are', async () => {
    const { id, text } = await made({ name: 'shown', scopes: ['call'], agents: ['pm-*'] });
    const secret = text.slice(text.lastIndexOf('_') + 1);
    const { body: list } = await node.http.get('/api/vps/keys');
    const { body: one } = await node.http.get(`/api/vps/keys/${id}`);
    expect(one).toMatchObject({ id, name: 'shown', status: 'valid', scopes: ['call'], agents: ['pm-*'] });
    expect((list.keys as Json[]).find((key) => key.id === id)).toEqual(one);
    expect(JSON.stringify([list, one])).not.toContain(secret);
    const history = await node.temporal.workflow.getHandle('access-directory').fetchHistory();
    const texts = textsIn(history);
    expect(texts.some((one) => one.includes('"name":"shown"'))).toBe(true);
    expect(texts.filter((one) => one.includes(secret))).toEqual([]);
  });

  it('end when they are revoked or expire', async () => {
    const revoked = await made({ scopes: ['read'] });
    expect((await revoked.http.get('/api/vps/calls')).status).toBe(200);
    const { status, body } = await node.http.delete(`/api/vps/keys/${revoked.id}`);
    expect([status, body.status]).toEqual([200, 'revoked']);
    const refused = await revoked.http.get('/api/vps/calls');
    expectProblem(refused, 401, 'unauthorized');
    expect(refused.body.detail).toContain('revoked');
    expectProblem(await node.http.post(`/api/vps/keys/${revoked.id}/rotate`), 409, 'key_ended');
    const expiring = await made({ scopes: ['read'], expires_in_seconds: 1 });
    await expect
      .poll(async () => (await expiring.http.get('/api/vps/calls')).body.detail)
      .toContain('expired');
    expectProblem(await node.http.delete('/api/vps/keys/nobody'), 404, 'key_not_found');
  });

  it('are named by their id, or by their text, which is neither logged nor answered', async () => {
    const { text } = await made({ scopes: ['read'] });
    const answer = await node.http.delete(`/api/vps/keys/${text}`);
    expect(answer.body.status).toBe('revoked');
    const { body } = await node.http.delete(`/api/vps/keys/${text.slice(0, -1)}`);
    expect(JSON.stringify([answer.body, body])).not.toContain(text.slice(-20));
    expectInvalid(await node.http.delete('/api/vps/keys/not%20an%20id'), 'id');
  });

  it('can be used as the password of Basic', async () => {
    const { text } = await made({ scopes: ['read'] });
    const headers = { Authorization: `Basic ${Buffer.from(`any:${text}`).toString('base64')}` };
    expect((await fetch(`${node.http.url}/api/vps/calls`, { headers })).status).toBe(200);
  });

  it('have two secrets for a while after a rotation', async () => {
    const key = await made({ scopes: ['read'] });
    const { body } = await node.http.post(`/api/vps/keys/${key.id}/rotate`, { overlap_seconds: 3_600 });
    const renewed = new HttpClient(node.http.url, String(body.key));
    expect(body.id).toBe(key.id);
    expect(body.earlier_secret_until).not.toBeNull();
    expect((await renewed.get('/api/vps/calls')).status).toBe(200);
    expect((await key.http.get('/api/vps/calls')).status).toBe(200);
    const { body: last } = await node.http.post(`/api/vps/keys/${key.id}/rotate`, { overlap_seconds: 0 });
    for (const old of [key.http, renewed])
      expectProblem(await old.get('/api/vps/calls'), 401, 'unauthorized');
    expect((await new HttpClient(node.http.url, String(last.key)).get('/api/vps/calls')).status).toBe(200);
  });

  it('call only the agents that they may', async () => {
    await node.agent('pm-north', says('north'));
    await node.agent('hr', says('hr'));
    const { http } = await made({ scopes: ['call', 'operate', 'read'], agents: ['pm-*'] });
    expect((await http.call({ agent_name: 'pm-north', prompt: 'hi' })).body.response).toBe('north');
    expectProblem(await http.call({ agent_name: 'hr', prompt: 'hi' }), 403, 'agent_not_allowed');
    expectProblem(await http.call({ agent_name: 'unknown', prompt: 'hi' }), 403, 'agent_not_allowed');
    const { body: north } = await http.call({ agent_name: 'pm-north', prompt: 'again' });
    const { body: hr } = await node.http.call({ agent_name: 'hr', prompt: 'hi' });
    const rerun = (call: Json, body: Json = {}) =>
      http.post(`/api/vps/calls/${String(call.call_id)}/rerun`, body);
    expect((await rerun(north)).status).toBe(202);
    for (const refused of [
      rerun(hr),
      rerun(hr, { agent_name: 'pm-north' }),
      rerun(north, { agent_name: 'hr' }),
      rerun(north, { fallback_agents: ['hr'] }),
      http.post('/api/vps/reruns', { filter: { agent: 'pm-north' } }),
    ])
      expectProblem(await refused, 403, 'agent_not_allowed');
  });

  it('keep their caller when they are rotated, so that a repeated key is the same call', async () => {
    const agent = await node.agent('once', says('hello'));
    const key = await made({ scopes: ['call'] });
    const body = { agent_name: 'once', prompt: 'hi' };
    const first = await key.http.call(body, { 'Idempotency-Key': 'k' });
    const { body: rotated } = await node.http.post(`/api/vps/keys/${key.id}/rotate`);
    const again = await new HttpClient(node.http.url, String(rotated.key)).call(body, {
      'Idempotency-Key': 'k',
    });
    expect(again.body.call_id).toBe(first.body.call_id);
    expect(agent.requests).toHaveLength(1);
  });

  it('name the wrong field', async () => {
    for (const [wish, field] of [
      [{ scopes: [] }, 'scopes'],
      [{ scopes: ['root'] }, 'scopes.0'],
      [{ scopes: ['read'], expires_in_seconds: 0 }, 'expires_in_seconds'],
      [{ scopes: ['read'], agents: [] }, 'agents'],
      [{ scopes: ['admin'], agents: ['pm-*'] }, 'agents'],
      [{ scopes: ['read'], agents: ['pm-*'] }, 'agents'],
      [{ scopes: ['read'], name: newKeyText().text }, 'name'],
      [{ scopes: ['read'], project: 'No Name' }, 'project'],
    ] as const) {
      expectInvalid(await node.http.post('/api/vps/keys', { name: 'wrong', ...wish }), field);
    }
  });
});

it('another facade knows a new key at once, and under load both refuse a revoked one within 2 s', async () => {
  const bootstrap = 'bootstrap-key-of-the-test-0123456789';
  const node = await startNodeWithFacades({ HOLDFAST_API_KEYS: bootstrap });
  const facade = await node.startFacade();
  const agent = await startAgent(echo);
  await node.http.register('echo', agent.port);
  const { text, id } = await make(node.http, node.http.url, { scopes: ['read'] });
  const clients = [node.http.url, facade.url].map((url) => new HttpClient(url, text));
  for (const client of clients) expect((await client.get('/api/vps/calls')).status).toBe(200);

  let isOver = false;
  const load = [node.http, facade.http].flatMap((http) =>
    Array.from({ length: 4 }, async () => {
      let calls = 0;
      for (; !isOver; calls++) await http.call({ agent_name: 'echo', prompt: 'load' });
      return calls;
    }),
  );
  await agent.waitForRequests(20);
  const revokedAt = performance.now();
  await node.http.delete(`/api/vps/keys/${id}`);
  const tookMs = await Promise.all(
    clients.map(async (client) => {
      await expect.poll(async () => (await client.get('/api/vps/calls')).status, { interval: 50 }).toBe(401);
      return performance.now() - revokedAt;
    }),
  );
  isOver = true;
  for (const calls of await Promise.all(load)) expect(calls).toBeGreaterThan(0);
  expect(Math.max(...tookMs)).toBeLessThan(2_000);
  await node.close();
  await agent.close();
});
