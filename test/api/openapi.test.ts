/** The OpenAPI document: complete, sound in itself, and true of the answers that a node really gives. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { refusals } from '../../src/domain/failures.ts';
import { HttpClient, type HttpAnswer, type Json } from '../rig/http-client.ts';
import { Receiver } from '../rig/receiver.ts';
import { expectDocumented, operationOf, type Document } from './documented.ts';
import { endedCall } from './ended-call.ts';
import { expectInvalid } from './problem.ts';
import { says } from './scripts.ts';
import { useNode } from './use-node.ts';

/** The tables of the design; /docs is a page for people. */
const endpoints = [
  'post /api/vps/call',
  'post /api/vps/register',
  'get /api/vps/agents',
  'delete /api/vps/agents/{name}',
  'delete /api/vps/agents',
  'post /api/vps/agents/{name}/pause',
  'post /api/vps/agents/{name}/resume',
  'get /api/vps/health',
  'get /api/vps/health/{agent}',
  'post /api/vps/health/{agent}/reset',
  'post /api/vps/health/{agent}/probe',
  'get /api/vps/status',
  'get /api/vps/figures',
  'get /api/vps/nodes',
  'get /api/vps/sessions',
  'get /api/vps/sessions/{id}',
  'delete /api/vps/sessions/{id}',
  'delete /api/vps/sessions',
  'post /api/vps/sessions/cleanup',
  'get /api/vps/sessions/export',
  'post /api/vps/sessions/import',
  'post /api/vps/sessions/{id}/fork',
  'post /api/vps/sessions/{id}/messages',
  'patch /api/vps/sessions/{id}',
  'get /api/vps/calls',
  'get /api/vps/calls.csv',
  'get /api/vps/calls/export',
  'get /api/vps/calls/what-if',
  'get /api/vps/calls/{id}/what-if',
  'get /api/vps/calls/counts',
  'get /api/vps/calls/live',
  'get /api/vps/calls/{id}',
  'get /api/vps/calls/{id}/events',
  'get /api/vps/calls/{id}/history',
  'post /api/vps/calls/{id}/cancel',
  'post /api/vps/calls/{id}/rerun',
  'post /api/vps/calls/{id}/reset',
  'post /api/vps/reruns',
  'get /api/vps/reruns',
  'get /api/vps/reruns/{id}',
  'get /api/vps/reruns/{id}/events',
  'post /api/vps/reruns/{id}/cancel',
  'get /api/vps/webhooks/callback-secret',
  'post /api/vps/calls/{id}/callback',
  'post /api/vps/webhooks',
  'get /api/vps/webhooks',
  'get /api/vps/webhooks/{id}',
  'patch /api/vps/webhooks/{id}',
  'delete /api/vps/webhooks/{id}',
  'post /api/vps/webhooks/{id}/rotate',
  'post /api/vps/webhooks/{id}/test',
  'get /api/vps/webhooks/{id}/deliveries',
  'post /api/vps/webhooks/{id}/deliveries/{event_id}/redeliver',
  'post /api/vps/webhooks/{id}/redeliver',
  'get /api/vps/alerts',
  'post /api/vps/alerts/{id}/acknowledge',
  'post /api/vps/alerts/silences',
  'get /api/vps/alerts/silences',
  'get /api/vps/alerts/silences/{id}',
  'delete /api/vps/alerts/silences/{id}',
  'post /api/vps/projects',
  'get /api/vps/projects',
  'get /api/vps/projects/{name}',
  'patch /api/vps/projects/{name}',
  'post /api/vps/projects/{name}/close',
  'post /api/vps/keys',
  'get /api/vps/keys',
  'get /api/vps/keys/{id}',
  'patch /api/vps/keys/{id}',
  'post /api/vps/keys/{id}/rotate',
  'delete /api/vps/keys/{id}',
  'get /api/vps/sign-in',
  'post /api/vps/sign-in',
  'delete /api/vps/sign-in',
  'get /api/vps/sign-in/oidc',
  'get /api/vps/sign-in/oidc/callback',
  'get /healthz',
  'get /readyz',
  'get /metrics',
  'get /openapi.json',
];

describe('the OpenAPI document', () => {
  const node = useNode({ HOLDFAST_ALERT_CHECK_SECONDS: '1', HOLDFAST_ALERT_FOR_SECONDS: '1' });
  let document: Document;
  beforeAll(async () => {
    document = (await node.http.get('/openapi.json')).body as Document;
  });

  it('is OpenAPI 3.1 and lists every endpoint, and no other', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toMatchObject({ title: 'Holdfast', version: '0.1.0' });
    const listed = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    expect(listed.sort()).toEqual([...endpoints].sort());
  });

  it('has a target for each of its references, and no component that nothing refers to', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
      ([, path = '']) => path,
    );
    const targets = references.map((path) =>
      path.split('/').reduce<unknown>((at, name) => (at as Json | undefined)?.[name], document),
    );
    expect(references.length).toBeGreaterThan(10);
    expect(targets).not.toContain(undefined);
    const { schemas } = document.components as { schemas: Json };
    const unused = Object.keys(schemas).filter((name) => !references.includes(`components/schemas/${name}`));
    expect(unused).toEqual([]);
  });

  it('has for each endpoint a summary, the parameters of its path, and its answers', () => {
    for (const endpoint of endpoints) {
      const operation = operationOf(document, endpoint);
      expect((operation as unknown as Json).summary).toMatch(/\S/);
      const inPath = [...endpoint.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const documented = (operation.parameters ?? [])
        .filter((one) => one.in === 'path')
        .map((one) => one.name);
      expect(documented).toEqual(inPath);
      const succeeds = Object.keys(operation.responses).some((status) => /^2|^302$/.test(status));
      expect(succeeds).toBe(!operation.deprecated);
    }
  });

  it('documents only statuses that its refusals have', () => {
    const statuses = new Set(Object.values(refusals).map((one) => String(one.status)));
    for (const endpoint of endpoints)
      for (const status of Object.keys(operationOf(document, endpoint).responses))
        expect(/^2|^302$/.test(status) || statuses.has(status)).toBe(true);
  });

  it('has schemas that accept valid requests and reject those that the API refuses', () => {
    const { components } = document;
    const validator = (name: string) =>
      new Ajv2020({ strict: false }).compile({ $ref: `#/components/schemas/${name}`, components });
    const [call, registration] = [validator('CallRequest'), validator('AgentRegistration')];
    expect(call({ agent_name: 'a', prompt: 'b' })).toBe(true);
    expect(call({ agent_name: 'a', prompt: 'b', session_id: null, deadline_seconds: 5 })).toBe(true);
    expect(call({ agent_name: 'a' })).toBe(false);
    expect(call({ agent_name: 'a', prompt: 'b', nonsense: 1 })).toBe(false);
    expect(call({ agent_name: 'a', prompt: 'b', deadline_seconds: 0 })).toBe(false);
    expect(registration({ name: 'a', host: 'h', port: 1 })).toBe(true);
    expect(registration({ name: 'a', host: 'h', port: 0 })).toBe(false);
    expect(registration({ name: 'a', host: 'h', port: 1, auth_token: 'to ken' })).toBe(false);
  });

  it('allows no empty or blank number in a query', async () => {
    const numbers = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { parameters = [] }]) =>
        parameters
          .filter(
            ({ in: place, schema }) => place === 'query' && /^(integer|number)$/.test(schema.type ?? ''),
          )
          .map(({ name }) => ({ method: method.toUpperCase(), path: path.replace(/\{\w+\}/, 'x'), name })),
      ),
    );
    expect(numbers.map(({ name }) => name)).toEqual(expect.arrayContaining(['limit', 'max_age_hours']));
    for (const { method, path, name } of numbers)
      for (const blank of ['', '%20', '%09'])
        for (const query of [`${name}=${blank}`, name]) {
          const response = await fetch(`${node.http.url}${path}?${query}`, { method });
          const body = (await response.json()) as Json;
          expectInvalid({ status: response.status, headers: response.headers, body }, name);
        }
  });

  it('describes every answer and refusal of every endpoint correctly', async () => {
    const { http } = node;
    const seen = new Set<string>();
    const check = async (endpoint: string, request: Promise<HttpAnswer>): Promise<HttpAnswer> => {
      const answer = await request;
      expectDocumented(document, endpoint, answer);
      seen.add(`${endpoint} ${answer.status}`);
      return answer;
    };
    const [call, register] = ['post /api/vps/call', 'post /api/vps/register'];
    const hanging = await node.agent('hangs', () => ({ hang: true }), { max_retries: 0 });
    await node.agent('answers', says('hello'), {
      auth_token: 'token-0123',
      expect: { min_length: 1, json_schema: { not: { type: 'null' } }, deny_regex: 'never' },
      health_path: '/up',
    });
    await node.agent('fails', () => ({ status: 500 }), { max_retries: 0, fallback_agents: ['nobody'] });
    const async = { Prefer: 'respond-async' };

    await check(register, http.post('/api/vps/register', { name: 'extra', host: '127.0.0.1', port: 1 }));
    await check(register, http.post('/api/vps/register', { name: 'extra', host: '0.0.0.0', port: 1 }));
    await check(register, http.post('/api/vps/register', '{'));
    const body = { agent_name: 'answers', prompt: 'x', session_id: 's', user_id: 'u', metadata: { a: [1] } };
    const { body: done } = await check(call, http.call(body, { 'Idempotency-Key': 'k' }));
    await check(call, http.call({ ...body, prompt: 'y' }, { 'Idempotency-Key': 'k' }));
    await check(call, http.call({ agent_name: 'fails', prompt: 'x' }));
    await check(call, http.call({ agent_name: 'nobody', prompt: 'x' }));
    await check(call, http.call({ agent_name: 'answers', prompt: 'x' }, { 'Sec-Fetch-Site': 'cross-site' }));
    await check(call, http.post('/api/vps/call', 'x', { 'Content-Type': 'text/plain' }));
    const running = await check(call, http.call({ agent_name: 'hangs', prompt: 'x' }, async));
    await hanging.waitForRequests(1);
    const path = running.headers.get('Location') ?? '';
    const donePath = `/api/vps/calls/${done.call_id as string}`;
    for (const [endpoint, suffix] of [
      ['get /api/vps/calls/{id}', ''],
      ['get /api/vps/calls/{id}/history', '/history'],
      ['get /api/vps/calls/{id}/what-if', '/what-if'],
    ] as const)
      for (const one of [path, donePath, '/api/vps/calls/unknown', `/api/vps/calls/${'x'.repeat(129)}`])
        await check(endpoint, http.get(one + suffix));
    await check('post /api/vps/calls/{id}/cancel', http.post(`${path}/cancel`));
    await endedCall(http, path);
    await check('post /api/vps/calls/{id}/cancel', http.post(`${path}/cancel`));
    await check('get /api/vps/calls/{id}', http.get(path));
    await check('get /api/vps/calls/{id}/events', http.get(`${path}/events`));
    await check('get /api/vps/calls/counts', http.get('/api/vps/calls/counts?agent=hangs'));
    const left = new AbortController();
    const { status, headers } = await fetch(`${http.url}/api/vps/calls/live`, { signal: left.signal });
    left.abort();
    await check('get /api/vps/calls/live', Promise.resolve({ status, headers, body: {} }));
    await check('post /api/vps/calls/{id}/cancel', http.post('/api/vps/calls/unknown/cancel'));
    const rerun = await check('post /api/vps/calls/{id}/rerun', http.post(`${donePath}/rerun`));
    await endedCall(http, rerun.headers.get('Location') ?? '');
    await check('post /api/vps/calls/{id}/rerun', http.post('/api/vps/calls/unknown/rerun'));
    await check('post /api/vps/calls/{id}/reset', http.post(`${donePath}/reset`));
    await checkBatches(check, http);
    await expect
      .poll(async () => ((await http.get('/api/vps/calls?limit=2')).body.calls as Json[]).length)
      .toBe(2);
    await check('get /api/vps/calls', http.get('/api/vps/calls?limit=2'));
    await check('get /api/vps/calls', http.get('/api/vps/calls?limit=0'));
    await check('get /api/vps/calls', http.get('/api/vps/calls?sort=started&include=prompt'));
    await check('get /api/vps/calls/counts', http.get('/api/vps/calls/counts?asked=hangs'));
    await check('get /api/vps/calls.csv', http.get('/api/vps/calls.csv?limit=2'));
    await check('get /api/vps/calls.csv', http.get('/api/vps/calls.csv?limit=0'));
    await check('get /api/vps/sessions', http.get('/api/vps/sessions?include=details'));
    const callId = path.split('/').at(-1) ?? '';
    await check('get /api/vps/calls/export', http.get(`/api/vps/calls/export?text=${callId}`));
    await check('get /api/vps/calls/export', http.get('/api/vps/calls/export?archive=true'));
    await check('get /api/vps/agents', http.get('/api/vps/agents'));
    const whatIf = '/api/vps/calls/what-if';
    await check(`get ${whatIf}`, http.get(`${whatIf}?limit=5`));
    await check(`get ${whatIf}`, http.get(`${whatIf}?limit=0`));
    await check('get /api/vps/health', http.get('/api/vps/health'));
    await check('get /api/vps/health', http.get('/api/vps/health?details=true'));
    await check('get /api/vps/health', http.get('/api/vps/health?details=1'));
    for (const name of ['answers', 'fails', 'extra', 'nobody']) {
      await check('get /api/vps/health/{agent}', http.get(`/api/vps/health/${name}`));
      for (const what of ['probe', 'reset'])
        await check(`post /api/vps/health/{agent}/${what}`, http.post(`/api/vps/health/${name}/${what}`));
    }
    await check('get /api/vps/status', http.get('/api/vps/status'));
    await check('get /api/vps/figures', http.get('/api/vps/figures'));
    await check('get /api/vps/figures', http.get('/api/vps/figures?step=week'));
    await check('get /api/vps/nodes', http.get('/api/vps/nodes'));
    await expect
      .poll(async () => ((await http.get('/api/vps/sessions')).body.sessions as Json[]).length)
      .toBe(1);
    await check('get /api/vps/sessions', http.get('/api/vps/sessions?limit=1'));
    await check('get /api/vps/sessions', http.get('/api/vps/sessions?cursor=x'));
    await check('get /api/vps/sessions/{id}', http.get('/api/vps/sessions/s'));
    await check('get /api/vps/sessions/{id}', http.get('/api/vps/sessions/unknown'));
    const fork = (id: string, body?: Json) => http.post(`/api/vps/sessions/${id}/fork`, body);
    await check('post /api/vps/sessions/{id}/fork', fork('s', { session_id: 'forked' }));
    await check('post /api/vps/sessions/{id}/fork', fork('s', { session_id: 'forked' }));
    await check('post /api/vps/sessions/{id}/fork', fork('s', { before: 99 }));
    await check('post /api/vps/sessions/{id}/fork', fork('unknown'));
    const append = 'post /api/vps/sessions/{id}/messages';
    const say = (content: string) =>
      http.post('/api/vps/sessions/forked/messages', { messages: [{ role: 'user', content }] }, keyed);
    const keyed = { 'Idempotency-Key': 'append' };
    await check(append, say('x'));
    await check(append, say('x'));
    await check(append, say('y'));
    const set = (settings: Json) => http.patch('/api/vps/sessions/forked', settings);
    await check('patch /api/vps/sessions/{id}', set({ system: 'x', window: { turns: 1 } }));
    await check('get /api/vps/sessions/{id}', http.get('/api/vps/sessions/forked'));
    await check('patch /api/vps/sessions/{id}', set({ system: null }));
    await check('patch /api/vps/sessions/{id}', set({}));
    await http.delete('/api/vps/sessions/forked');
    const file = await check('get /api/vps/sessions/export', http.get('/api/vps/sessions/export'));
    const importing = (text: unknown) => http.post('/api/vps/sessions/import', text);
    await check(
      'post /api/vps/sessions/import',
      importing({ sessions: { ...(file.body.sessions as Json), wrong: 1 } }),
    );
    await check('post /api/vps/sessions/import', importing('{'));
    await check('post /api/vps/sessions/import', importing([]));
    await check('post /api/vps/sessions/cleanup', http.post('/api/vps/sessions/cleanup'));
    await checkWebhooks(check, http);
    await checkAlerts(check, http);
    await check('delete /api/vps/sessions/{id}', http.delete('/api/vps/sessions/s'));
    await check('delete /api/vps/sessions/{id}', http.delete('/api/vps/sessions/s'));
    for (const session_id of ['kept', 'kept too']) await http.call({ ...body, session_id });
    const store = join(node.dataDir, 'payloads');
    await rename(store, `${store}-away`);
    await check('delete /api/vps/sessions/{id}', http.delete('/api/vps/sessions/kept'));
    await check('delete /api/vps/sessions', http.delete('/api/vps/sessions?id=kept%20too'));
    await rename(`${store}-away`, store);
    for (const name of ['extra', 'unknown']) {
      await check(
        'post /api/vps/agents/{name}/pause',
        http.post(`/api/vps/agents/${name}/pause`, { reason: 'x' }),
      );
      await check(
        'post /api/vps/agents/{name}/pause',
        http.post(`/api/vps/agents/${name}/pause`, { until: 'x' }),
      );
      await check(call, http.call({ ...body, agent_name: name }));
      await check('post /api/vps/agents/{name}/resume', http.post(`/api/vps/agents/${name}/resume`));
    }
    await check('delete /api/vps/agents/{name}', http.delete('/api/vps/agents/extra'));
    await check('delete /api/vps/agents/{name}', http.delete('/api/vps/agents/extra'));
    await check(call, http.call(body));
    for (const query of ['?id=s', '?id=unknown', '?id='])
      await check('get /api/vps/sessions', http.get(`/api/vps/sessions${query}`));
    for (const query of ['?id=s', '?id=s', '?id='])
      await check('delete /api/vps/sessions', http.delete(`/api/vps/sessions${query}`));
    for (const query of ['?id=answers', '?id=unknown'])
      await check('get /api/vps/health', http.get(`/api/vps/health${query}`));
    for (const query of ['?id=answers', '?id=answers', '?id='])
      await check('delete /api/vps/agents', http.delete(`/api/vps/agents${query}`));
    for (const own of ['/healthz', '/readyz', '/metrics', '/openapi.json'])
      await check(`get ${own}`, http.get(own));
    await checkProjects(check, http);
    await checkKeys(check, http); // From here on, the node wants a key.

    const successes = endpoints.flatMap((endpoint) =>
      Object.keys(operationOf(document, endpoint).responses)
        .filter((status) => status.startsWith('2'))
        .map((status) => `${endpoint} ${status}`),
    );
    // test/api/oidc.test.ts has an issuer, which this node has not.
    seen.add('get /api/vps/sign-in/oidc/callback 200');
    expect(successes.filter((one) => !seen.has(one))).toEqual([]);
  });
});

/** Every endpoint of alerts, with an agent that is away. */
async function checkAlerts(
  check: (endpoint: string, request: Promise<HttpAnswer>) => Promise<HttpAnswer>,
  http: HttpClient,
): Promise<void> {
  const alerts = '/api/vps/alerts';
  const silences = `${alerts}/silences`;
  await http.register('away', 1, { max_retries: 0 });
  for (let failures = 0; failures < 3; failures++) await http.call({ agent_name: 'away', prompt: 'x' });
  const about = async (): Promise<Json | undefined> =>
    ((await http.get(alerts)).body.alerts as Json[]).find(({ subject }) => subject === 'away');
  await expect.poll(about, { timeout: 20_000 }).toBeDefined();
  await check(`get ${alerts}`, http.get(alerts));
  const id = String((await about())?.['id']);
  await check(`post ${alerts}/{id}/acknowledge`, http.post(`${alerts}/${id}/acknowledge`, { note: 'x' }));
  await check(`get ${alerts}`, http.get(`${alerts}?state=unknown`));
  await check(`post ${alerts}/{id}/acknowledge`, http.post(`${alerts}/unknown/acknowledge`));
  const { body } = await check(`post ${silences}`, http.post(silences, { agent: 'x', for_seconds: 60 }));
  await check(`post ${silences}`, http.post(silences, {}));
  await check(`get ${silences}`, http.get(silences));
  for (const id of [String(body.id), 'unknown']) {
    await check(`get ${silences}/{id}`, http.get(`${silences}/${id}`));
    await check(`delete ${silences}/{id}`, http.delete(`${silences}/${id}`));
  }
}

/** Every endpoint of webhooks and callbacks, with a receiver. */
async function checkWebhooks(
  check: (endpoint: string, request: Promise<HttpAnswer>) => Promise<HttpAnswer>,
  http: HttpClient,
): Promise<void> {
  const receiver = new Receiver();
  await receiver.start();
  const webhooks = '/api/vps/webhooks';
  const events = ['call.completed', 'call.failed'];
  const wish = { name: 'x', url: receiver.url, events };
  const create = (more: Json = {}) => check(`post ${webhooks}`, http.post(webhooks, { ...wish, ...more }));
  const { body: created } = await create();
  await create({ url: 'http://10.0.0.1/' });
  await create({ events: [] });
  const own = `${webhooks}/${String(created.id)}`;
  const unknown = `${webhooks}/unknown`;
  const call = { agent_name: 'answers', prompt: 'x', callback_url: receiver.url };
  const { body: called } = await check('post /api/vps/call', http.call(call));
  await check('post /api/vps/call', http.call({ ...call, callback_url: 'http://10.0.0.1/' }));
  const deliveries = async () => (await http.get(`${own}/deliveries`)).body.deliveries as Json[];
  await expect.poll(async () => (await deliveries()).length).toBe(1);
  const [event] = await deliveries();
  await check(`get ${webhooks}`, http.get(webhooks));
  await check(`get ${webhooks}/callback-secret`, http.get(`${webhooks}/callback-secret`));
  for (const id of [String(called.call_id), 'unknown'])
    await check('post /api/vps/calls/{id}/callback', http.post(`/api/vps/calls/${id}/callback`));
  const day = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
  for (const one of [own, unknown]) {
    await check(`get ${webhooks}/{id}`, http.get(one));
    await check(`patch ${webhooks}/{id}`, http.patch(one, { name: 'y' }));
    await check(`post ${webhooks}/{id}/rotate`, http.post(`${one}/rotate`));
    await check(`post ${webhooks}/{id}/test`, http.post(`${one}/test`));
    await check(`get ${webhooks}/{id}/deliveries`, http.get(`${one}/deliveries`));
    await check(`post ${webhooks}/{id}/redeliver`, http.post(`${one}/redeliver`, day));
    for (const id of [String(event?.event_id), 'evt_0']) {
      const again = http.post(`${one}/deliveries/${id}/redeliver`);
      await check(`post ${webhooks}/{id}/deliveries/{event_id}/redeliver`, again);
    }
  }
  await check(`patch ${webhooks}/{id}`, http.patch(own, { enabled: false }));
  await check(`post ${webhooks}/{id}/redeliver`, http.post(`${own}/redeliver`, day));
  for (const one of [own, unknown]) await check(`delete ${webhooks}/{id}`, http.delete(one));
  await receiver.kill();
}

/** Every endpoint of projects, on one that is created and closed. */
async function checkProjects(
  check: (endpoint: string, request: Promise<HttpAnswer>) => Promise<HttpAnswer>,
  http: HttpClient,
): Promise<void> {
  const projects = '/api/vps/projects';
  for (const name of ['crm', 'crm', 'No Name'])
    await check('post /api/vps/projects', http.post(projects, { name }));
  await check('get /api/vps/projects', http.get(projects));
  await check('get /api/vps/calls', http.get('/api/vps/calls?project=nobody'));
  await check('get /api/vps/sessions', http.get('/api/vps/sessions?project=*'));
  for (const name of ['crm', 'default', 'nobody', 'No Name'].map(encodeURIComponent)) {
    await check('patch /api/vps/projects/{name}', http.patch(`${projects}/${name}`, { limits: {} }));
    await check('post /api/vps/projects/{name}/close', http.post(`${projects}/${name}/close`));
    await check('get /api/vps/projects/{name}', http.get(`${projects}/${name}`));
  }
  const closed = { 'Holdfast-Project': 'crm' };
  await check('post /api/vps/call', http.call({ agent_name: 'answers', prompt: 'x' }, closed));
}

/** Every endpoint of API keys. */
async function checkKeys(
  check: (endpoint: string, request: Promise<HttpAnswer>) => Promise<HttpAnswer>,
  open: HttpClient,
): Promise<void> {
  const keys = '/api/vps/keys';
  const create = (http: HttpClient, scope: string) => {
    const agents = scope === 'call' ? ['pm-*'] : null;
    return check('post /api/vps/keys', http.post(keys, { name: 'key', scopes: [scope], agents }));
  };
  await create(open, 'read');
  await create(open, 'nonsense');
  const { body: first } = await create(open, 'admin');
  await create(open, 'read');
  const http = new HttpClient(open.url, String(first.key));
  await create(http, 'call');
  await checkSignIn(check, open, String(first.key));
  const { body: second } = await create(http, 'read');
  await check('get /api/vps/keys', http.get(keys));
  await check('get /api/vps/keys', new HttpClient(open.url, String(second.key)).get(keys));
  for (const id of [second.id, first.id, second.id, 'unknown'].map(String)) {
    await check('post /api/vps/keys/{id}/rotate', http.post(`${keys}/${id}/rotate`));
    await check('patch /api/vps/keys/{id}', http.patch(`${keys}/${id}`, { limits: {} }));
    await check('delete /api/vps/keys/{id}', http.delete(`${keys}/${id}`));
    await check('get /api/vps/keys/{id}', http.get(`${keys}/${id}`));
    await check('post /api/vps/keys/{id}/rotate', http.post(`${keys}/${id}/rotate`, { overlap_seconds: -1 }));
  }
}

/** Every endpoint of signing in at the desk. */
async function checkSignIn(
  check: (endpoint: string, request: Promise<HttpAnswer>) => Promise<HttpAnswer>,
  http: HttpClient,
  apiKey: string,
): Promise<void> {
  const path = '/api/vps/sign-in';
  const [get, post, remove] = [`get ${path}`, `post ${path}`, `delete ${path}`] as const;
  for (const body of [{ api_key: 'wrong' }, {}, '{']) await check(post, http.post(path, body));
  await check(post, http.post(path, { api_key: apiKey }, { Origin: 'https://evil.example' }));
  const { headers, body } = await check(post, http.post(path, { api_key: apiKey }));
  const Cookie = (headers.get('Set-Cookie') ?? '').split(';')[0] ?? '';
  await check(get, http.get(path));
  await check(get, http.get(path, { Cookie }));
  await check('delete /api/vps/keys/{id}', http.delete('/api/vps/keys/nobody', { Cookie }));
  await check(remove, http.delete(path, { Cookie }));
  await check(remove, http.delete(path, { Cookie, 'Holdfast-CSRF-Token': String(body.csrf_token) }));
}

/** Every endpoint of batches, on one that finds the call that failed. */
async function checkBatches(
  check: (endpoint: string, request: Promise<HttpAnswer>) => Promise<HttpAnswer>,
  http: HttpClient,
): Promise<void> {
  const batches = '/api/vps/reruns';
  const filter = { agent: 'fails' };
  const dryRun = async () => (await http.post(batches, { filter, dry_run: true })).body.total;
  await expect.poll(dryRun).toBe(1);
  await check('post /api/vps/reruns', http.post(batches, { filter, dry_run: true }));
  await check('post /api/vps/reruns', http.post(batches, { filter: { agent: 1 } }));
  const { headers } = await check('post /api/vps/reruns', http.post(batches, { filter }));
  const path = headers.get('Location') ?? '';
  await check('get /api/vps/reruns/{id}/events', http.get(`${path}/events`));
  for (const one of [path, `${batches}/unknown`]) {
    await check('get /api/vps/reruns/{id}', http.get(one));
    await check('post /api/vps/reruns/{id}/cancel', http.post(`${one}/cancel`));
  }
  await expect.poll(async () => ((await http.get(batches)).body.batches as Json[]).length).toBe(1);
  await check('get /api/vps/reruns', http.get(batches));
}
