/** What belongs to one project does not exist for the keys of another one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HttpClient, type HttpAnswer, type Json } from '../rig/http-client.ts';
import type { ScriptedAgent } from '../agents/scripted-agent.ts';
import { expectInvalid, expectProblem } from './problem.ts';
import { useNode } from './use-node.ts';

const bootstrap = 'bootstrap-key-of-the-test-0123456789';
const archive = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
afterAll(() => rm(archive, { recursive: true, force: true }));
const node = useNode({
  HOLDFAST_API_KEYS: bootstrap,
  HOLDFAST_ARCHIVE: archive,
  HOLDFAST_ARCHIVE_SECONDS: '1',
});
const everything = ['call', 'read', 'operate'];
const clients: Record<string, HttpClient> = {};
const patiently = { timeout: 20_000 };
let echo: ScriptedAgent;

/** A client with a key of the project. */
const of = (project: string): HttpClient => {
  const client = clients[project];
  if (!client) throw new Error(`No client of ${project}`);
  return client;
};

async function keyOf(project: string, scopes: readonly string[] = everything): Promise<HttpClient> {
  const { body } = await node.http.post('/api/vps/keys', { name: project, project, scopes });
  return new HttpClient(node.http.url, String(body.key));
}

beforeAll(async () => {
  echo = await node.agent('echo', ({ body }) => {
    const { messages } = body as { messages: { content: string }[] };
    return { body: { content: `re: ${messages.at(-1)?.content ?? ''}` } };
  });
  await node.agent('fails', () => ({ status: 500 }), { max_retries: 0 });
  for (const project of ['a', 'b']) await node.http.post('/api/vps/projects', { name: project });
  // A node that has no key of the cluster yet reads them from there all the same.
  expect((await node.http.get('/api/vps/projects')).body.total).toBe(3);
  for (const project of ['a', 'b']) {
    clients[project] = await keyOf(project);
  }
  clients['default'] = await keyOf('default');
});

const idOf = ({ body }: HttpAnswer): string => String(body.call_id);

/** Makes one of each thing in the project. Every project uses the same session id, user and Idempotency-Keys. */
async function makeEverything(project: string) {
  const http = of(project);
  const more = { session_id: 's', user_id: 'u', metadata: { of: project } };
  const call = idOf(
    await http.call({ agent_name: 'echo', prompt: `of ${project}`, ...more }, { 'Idempotency-Key': 'k' }),
  );
  const failed = idOf(await http.call({ agent_name: 'fails', prompt: `fails in ${project}`, ...more }));
  const rerun = idOf(await http.post(`/api/vps/calls/${call}/rerun`));
  await vi.waitFor(
    async () => expect((await http.get(`/api/vps/calls/${rerun}`)).body.status).toBe('completed'),
    patiently,
  );
  await http.post('/api/vps/sessions/s/fork', { session_id: 'forked' });
  await http.post(
    '/api/vps/sessions/forked/messages',
    { messages: [{ role: 'user', content: `appended in ${project}` }] },
    { 'Idempotency-Key': 'append' },
  );
  const total = async () =>
    (await http.post('/api/vps/reruns', { filter: { session: 's', status: 'failed' }, dry_run: true })).body
      .total;
  await vi.waitFor(async () => expect(await total()).toBe(1), patiently);
  const batch = await http.post(
    '/api/vps/reruns',
    { filter: { session: 's', status: 'failed' } },
    { 'Idempotency-Key': 'batch' },
  );
  const batchId = String(batch.body.batch_id);
  const status = async () => (await http.get(`/api/vps/reruns/${batchId}`)).body.status;
  await vi.waitFor(async () => expect(await status()).toBe('completed'), patiently);
  return { call, failed, rerun, batchId };
}

describe('two projects', () => {
  const made: Record<string, Awaited<ReturnType<typeof makeEverything>>> = {};
  beforeAll(async () => {
    for (const project of Object.keys(clients)) made[project] = await makeEverything(project);
  }, 120_000);
  const has = (project: string) => {
    const all = made[project];
    if (!all) throw new Error(`Nothing was made in ${project}`);
    return all;
  };

  it('have calls, sessions and batches with the same keys and ids, which never meet', async () => {
    const ids = Object.values(made).flatMap((one) => Object.values(one));
    expect(new Set(ids).size).toBe(ids.length);
    for (const project of Object.keys(clients)) {
      const { call, failed } = has(project);
      const { body } = await of(project).get('/api/vps/sessions/s');
      expect(body).toMatchObject({ session_id: 's', user_id: 'u', metadata: { of: project } });
      const prompts = (body.messages as Json[]).map(({ content }) => content);
      expect(prompts).toContain(`of ${project}`);
      expect(
        JSON.stringify(prompts)
          .match(/of \w+|in \w+/g)
          ?.every((one) => one.endsWith(project)),
      ).toBe(true);
      const repeated = await of(project).call(
        {
          agent_name: 'echo',
          prompt: `of ${project}`,
          session_id: 's',
          user_id: 'u',
          metadata: { of: project },
        },
        { 'Idempotency-Key': 'k' },
      );
      expect(idOf(repeated)).toBe(call);
      expect((await of(project).get(`/api/vps/calls/${failed}`)).body).toMatchObject({
        session_id: 's',
        prompt: `fails in ${project}`,
      });
    }
  });

  it('have lists, counts, exports and events of their own', async () => {
    for (const project of Object.keys(clients)) {
      const http = of(project);
      const own = Object.values(has(project));
      const others = Object.keys(clients).filter((one) => one !== project);
      const listed = async (): Promise<string[]> =>
        ((await http.get('/api/vps/calls')).body.calls as Json[]).map(({ call_id }) => String(call_id));
      await expect.poll(async () => (await listed()).length, { timeout: 20_000 }).toBe(4);
      const text = JSON.stringify([
        await listed(),
        (await http.get('/api/vps/reruns')).body,
        (await http.get('/api/vps/calls/counts')).body,
        (await http.get('/api/vps/calls/what-if')).body,
        (await http.get('/api/vps/calls?session=s')).body,
        (await http.get('/api/vps/calls?sort=started&include=prompt')).body,
        (await http.get('/api/vps/calls?asked=echo&session=s')).body,
        (await http.get('/api/vps/calls?failed_over=false')).body,
        await raw(http, '/api/vps/calls.csv?sort=ended&include=prompt'),
        (await http.get('/api/vps/sessions?include=details')).body,
        (await http.get('/api/vps/sessions')).body,
        (await http.get('/api/vps/status')).body,
        (await http.get('/api/vps/health?details=true')).body,
      ]);
      for (const id of own) expect(text).toContain(id);
      for (const other of others) for (const id of Object.values(has(other))) expect(text).not.toContain(id);
      for (const other of others) expect(text).not.toContain(`of ${other}`);
      expect(text).toContain(`of ${project}`);
      expect((await http.get('/api/vps/calls/counts')).body).toMatchObject({ total: 4 });
      expect((await http.get('/api/vps/calls/counts?failed_over=false')).body).toMatchObject({ total: 4 });
      expect((await http.get('/api/vps/status')).body).toMatchObject({ sessions: 2 });
      const sessions = (await http.get('/api/vps/sessions')).body.sessions as Json[];
      expect(sessions.map(({ session_id }) => session_id).sort()).toEqual(['forked', 's']);
      const exported = await raw(http, '/api/vps/sessions/export');
      for (const other of others) expect(exported).not.toContain(`of ${other}`);
      expect(exported).toContain(`of ${project}`);
      const histories = await raw(http, '/api/vps/calls/export');
      expect(histories.trim().split('\n')).toHaveLength(4);
      const live = await beginningOf(http, '/api/vps/calls/live');
      expect(live).toContain(has(project).call);
      for (const other of others) expect(live).not.toContain(has(other).call);
    }
  });

  it('have archives of their own', async () => {
    for (const project of Object.keys(clients))
      await vi.waitFor(async () => {
        const text = await raw(of(project), '/api/vps/calls/export?archive=true');
        const ids = text
          .trim()
          .split('\n')
          .map((line) => (JSON.parse(line) as Json).call_id);
        expect(ids).toContain(has(project).failed);
        for (const other of Object.keys(clients))
          if (other !== project) expect(ids).not.toContain(has(other).failed);
      }, patiently);
  });

  it('import sessions into themselves', async () => {
    const target = await keyOf('default');
    await node.http.post('/api/vps/projects', { name: 'target' });
    const http = await keyOf('target');
    const { sessions } = (await of('a').get('/api/vps/sessions/export')).body;
    const before = (await of('a').get('/api/vps/sessions/s')).body;
    const report = await http.post('/api/vps/sessions/import', { sessions });
    expect(report.status).toBe(200);
    expect((await http.get('/api/vps/sessions/s')).body).toMatchObject({ metadata: { of: 'a' } });
    expect((await of('a').get('/api/vps/sessions/s')).body).toEqual(before);
    expect((await target.get('/api/vps/sessions/s')).body).toMatchObject({ metadata: { of: 'default' } });
    const foreign = { 'a\u001fs': (sessions as Json)['s'] };
    const refused = await http.post('/api/vps/sessions/import', { sessions: foreign });
    expect(JSON.stringify(refused.body)).toContain('control characters');
    expect((await of('a').get('/api/vps/sessions/s')).body).toEqual(before);
  });

  it('answer with the id that a session has for its users', async () => {
    for (const project of ['a', 'b'])
      for (const path of [
        '/api/vps/sessions',
        '/api/vps/sessions/s',
        '/api/vps/sessions/s?limit=2',
        '/api/vps/sessions/export',
        '/api/vps/calls',
        '/api/vps/calls?sort=started',
        '/api/vps/calls.csv',
        '/api/vps/sessions?include=details',
        '/api/vps/reruns',
        `/api/vps/reruns/${has(project).batchId}`,
        `/api/vps/calls/${has(project).call}`,
      ]) {
        const text = await raw(of(project), path);
        expect(text, path).not.toMatch(/\u001f|\\u001f|%1F/);
      }
    const wrong = await of('a').get('/api/vps/sessions/none');
    expect(wrong.body.detail).toBe("Session 'none' does not exist");
  });

  /** The operations of the OpenAPI document on calls, batches and sessions, with the ids of what project a has. */
  async function operationsOnA() {
    const { body: document } = await of('a').get('/openapi.json');
    const paths = Object.entries(document.paths as Record<string, Json>);
    const { call, batchId } = has('a');
    return paths.flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => {
        const kind = /\/(calls|reruns|sessions)\/\{id\}/.exec(path)?.[1];
        const id = kind === 'calls' ? call : kind === 'reruns' ? batchId : 'only-a';
        return { path, method: method.toUpperCase(), isOwned: kind !== undefined, id };
      }),
    );
  }
  const isGeneric = (path: string): boolean => /\{(?!id\})/.test(path);

  it('do not find what belongs to another one, by any endpoint', async () => {
    await of('a').post('/api/vps/sessions/s/fork', { session_id: 'only-a' });
    const content = async () => [
      (await of('a').get(`/api/vps/calls/${has('a').call}`)).body,
      (await of('a').get(`/api/vps/reruns/${has('a').batchId}`)).body,
      (await of('a').get('/api/vps/sessions/only-a')).body,
    ];
    const before = await content();
    const owned = (await operationsOnA())
      .filter(({ isOwned }) => isOwned)
      .toSorted((one, other) => Number(creates(one)) - Number(creates(other)));
    expect(owned.length).toBeGreaterThan(14);
    for (const { path, method, id } of owned) {
      const ask = async (theId: string) => {
        const response = await fetch(node.http.url + path.replace('{id}', theId), {
          method,
          headers: { ...of('b').headers, ...(method !== 'GET' && { 'Content-Type': 'application/json' }) },
          ...(method !== 'GET' && { body: bodies[path.split('/').at(-1) ?? ''] ?? '{}' }),
        });
        const text = await response.text();
        return `${response.status} ${text.replaceAll(theId, 'ID')}`;
      };
      const missing = `${id.slice(0, -1)}${id.endsWith('x') ? 'y' : 'x'}`;
      const answer = await ask(id);
      if (!creates({ path, method })) expect(answer, `${method} ${path}`).toMatch(/^404 /);
      expect(unstable(answer), `${method} ${path}`).toBe(unstable(await ask(missing)));
    }
    expect(await content()).toEqual(before);
  });

  it('are not reached through any link in any answer to another one', async () => {
    const marks = [...Object.values(has('a')), '"of a"', 're: of a', 'fails in a', 'appended in a'];
    const seen = new Set<string>();
    const accepted = await of('a').call(
      { agent_name: 'echo', prompt: 'of a', session_id: 's' },
      { Prefer: 'respond-async', 'Idempotency-Key': 'linked' },
    );
    const location = accepted.headers.get('Location') ?? '';
    expect(location).toContain(idOf(accepted));
    let found = (await operationsOnA())
      .filter(({ method, path }) => method === 'GET' && path.startsWith('/api/') && !isGeneric(path))
      .map(({ path, id }) => path.replace('{id}', id));
    found.push(location);
    for (let depth = 0; depth < 3; depth++) {
      const next = new Set<string>();
      for (const path of found) {
        if (seen.has(path)) continue;
        seen.add(path);
        for (const link of linksIn(await beginningOf(of('a'), path))) next.add(link);
        const theirs = await beginningOf(of('b'), path);
        // What was asked for may be named in the refusal.
        const told = theirs.replaceAll(new RegExp(`"(detail|instance)":"[^"]*"`, 'g'), '');
        for (const mark of marks) expect(told, `${path} as answered to b`).not.toContain(mark);
      }
      found = [...next];
    }
    expect([...seen].filter((path) => path.includes(has('a').call)).length).toBeGreaterThan(3);
  });

  it('have live events of their own, while others work', async () => {
    const gone = new AbortController();
    const response = await fetch(`${node.http.url}/api/vps/calls/live`, {
      headers: of('b').headers,
      signal: gone.signal,
    });
    const theirs = idOf(
      await of('a').call({ agent_name: 'echo', prompt: 'of a, meanwhile', session_id: 's' }),
    );
    const own = idOf(await of('b').call({ agent_name: 'echo', prompt: 'of b, afterwards', session_id: 's' }));
    const text = await readUntil(response, (sofar) => sofar.includes(own));
    gone.abort();
    expect(text).not.toContain(theirs);
  });

  it('name another project only with the scope admin', async () => {
    for (const named of ['b', 'none', '*']) {
      expectProblem(await of('a').get(`/api/vps/calls?project=${named}`), 404, 'project_not_found');
      expectProblem(
        await of('a').get('/api/vps/sessions', { 'Holdfast-Project': named }),
        404,
        'project_not_found',
      );
    }
    expect((await of('a').get('/api/vps/calls?project=a')).status).toBe(200);
    const { call } = has('a');
    expect((await node.http.get(`/api/vps/calls/${call}`)).status).toBe(200);
    expectProblem(await node.http.get(`/api/vps/calls/${call}?project=b`), 404, 'call_not_found');
    const all = (await node.http.get('/api/vps/calls?project=*')).body.calls as Json[];
    const ids = all.map(({ call_id }) => call_id);
    for (const project of Object.keys(clients)) expect(ids).toContain(has(project).call);
    expect((await node.http.get('/api/vps/sessions/s?project=b')).body).toMatchObject({
      metadata: { of: 'b' },
    });
    expect((await node.http.get('/api/vps/sessions/s')).body).toMatchObject({ metadata: { of: 'default' } });
    expectInvalid(await node.http.get('/api/vps/sessions/export?project=*'), 'project');
    expectInvalid(await node.http.get('/api/vps/calls?project=*&session=s'), 'session');
    expectInvalid(await node.http.get('/api/vps/calls?project=A%20b'), 'project');
    expectProblem(await node.http.get('/api/vps/calls?project=none'), 404, 'project_not_found');
  });

  it('have sessions of their own at the agents, too', () => {
    const sessions = new Set(echo.requests.map(({ body }) => (body as Json).session_id));
    expect([...sessions].sort()).toEqual(['project:a/s', 'project:b/s', 's']);
  });

  it('clean up and delete their own only', async () => {
    await of('b').post('/api/vps/sessions/cleanup?max_age_hours=0');
    expect((await of('b').get('/api/vps/sessions/s')).status).toBe(404);
    for (const project of ['a', 'default'])
      expect((await of(project).get('/api/vps/sessions/s')).status).toBe(200);
    expect((await of('a').delete('/api/vps/sessions/s?calls=true')).status).toBe(204);
    expect((await of('default').get(`/api/vps/calls/${has('default').call}`)).status).toBe(200);
    expect((await of('b').get(`/api/vps/calls/${has('b').call}`)).status).toBe(200);
  });
});

describe('agents of one project', () => {
  it('are found by its keys only, and passed over in chains of others', async () => {
    const own = await node.agent('only-for-a', () => ({ body: { content: 'from a' } }), { project: 'a' });
    await node.agent('to-a', () => ({ status: 500 }), { max_retries: 0, fallback_agents: ['only-for-a'] });
    const names = async (http: HttpClient): Promise<unknown[]> =>
      ((await http.get('/api/vps/agents')).body.agents as Json[]).map(({ name }) => name);
    expect(await names(of('a'))).toContain('only-for-a');
    expect(await names(node.http)).toContain('only-for-a');
    expect(await names(of('b'))).not.toContain('only-for-a');
    const wish = { agent_name: 'only-for-a', prompt: 'x' };
    expect((await of('a').call(wish)).body).toMatchObject({ success: true });
    for (const other of ['b', 'default']) {
      expectProblem(await of(other).call(wish), 404, 'agent_not_found');
      expectProblem(await of(other).get('/api/vps/health/only-for-a'), 404, 'agent_not_found');
      expectProblem(await of(other).post('/api/vps/health/only-for-a/probe'), 404, 'agent_not_found');
      const fell = await of(other).call({ agent_name: 'to-a', prompt: 'x' });
      expect(fell.body.attempts).toMatchObject([{ agent: 'to-a', status: 'failed' }]);
      expect(JSON.stringify((await of(other).get('/api/vps/agents')).body)).not.toContain('only-for-a');
      expect(fell.body.success).toBe(false);
    }
    expect(own.requests).toHaveLength(1);
    expectProblem(await of('b').post('/api/vps/health/echo/reset'), 403, 'agent_not_allowed');
    expectProblem(await of('b').post('/api/vps/agents/echo/pause', {}), 403, 'agent_not_allowed');
    expectProblem(await of('b').post('/api/vps/agents/only-for-a/pause', {}), 404, 'agent_not_found');
    const paused = await of('a').post('/api/vps/agents/only-for-a/pause', { new_calls: 'refuse' });
    expect(paused).toMatchObject({ status: 200, body: { paused: { new_calls: 'refuse' } } });
    expectProblem(await of('a').call(wish), 503, 'agent_paused');
    expect((await of('a').post('/api/vps/agents/only-for-a/resume')).status).toBe(200);
    expect((await of('default').post('/api/vps/health/echo/reset')).status).toBe(200);
  });
});

describe('a project', () => {
  it('is created once, listed and described', async () => {
    const created = await node.http.post('/api/vps/projects', { name: 'new' });
    expect(created).toMatchObject({ status: 201, body: { name: 'new', status: 'open', closed_at: null } });
    expectProblem(await node.http.post('/api/vps/projects', { name: 'new' }), 409, 'project_exists');
    expectProblem(await node.http.post('/api/vps/projects', { name: 'default' }), 409, 'project_exists');
    expectInvalid(await node.http.post('/api/vps/projects', { name: 'New' }), 'name');
    const names = async (http: HttpClient): Promise<unknown[]> =>
      ((await http.get('/api/vps/projects')).body.projects as Json[]).map(({ name }) => name);
    expect(await names(node.http)).toEqual(expect.arrayContaining(['default', 'a', 'b', 'new']));
    expect(await names(of('a'))).toEqual(['a']);
    expectProblem(await of('a').get('/api/vps/projects/b'), 404, 'project_not_found');
    expectProblem(await of('a').post('/api/vps/projects', { name: 'x' }), 403, 'scope_missing');
  });

  it('starts no more calls of its batches once it is closed', async () => {
    await node.http.post('/api/vps/projects', { name: 'with-batch' });
    const http = await keyOf('with-batch');
    for (let call = 0; call < 5; call++) await http.call({ agent_name: 'fails', prompt: `failed ${call}` });
    const filter = { status: 'failed' };
    const total = async () => (await http.post('/api/vps/reruns', { filter, dry_run: true })).body.total;
    await vi.waitFor(async () => expect(await total()).toBe(5), patiently);
    const slow = { filter, rate_per_second: 0.1 };
    const { batch_id } = (await http.post('/api/vps/reruns', slow)).body;
    const listed = async () => ((await http.get('/api/vps/reruns')).body.batches as Json[]).length;
    await vi.waitFor(async () => expect(await listed()).toBe(1), patiently);
    await node.http.post('/api/vps/projects/with-batch/close');
    const batch = async () => (await node.http.get(`/api/vps/reruns/${String(batch_id)}`)).body;
    await vi.waitFor(async () => expect((await batch()).status).toBe('cancelled'), patiently);
    expect(Number((await batch()).done)).toBeLessThan(5);
  });

  it('takes nothing new once it is closed, and its keys open nothing', async () => {
    await node.http.post('/api/vps/projects', { name: 'closing' });
    const http = await keyOf('closing');
    const call = idOf(await http.call({ agent_name: 'echo', prompt: 'x', session_id: 's' }));
    expect((await node.http.post('/api/vps/projects/closing/close')).body.status).toBe('closed');
    const soon = { timeout: 2_500 };
    await vi.waitFor(async () => expect((await http.get('/api/vps/agents')).status).toBe(401), soon);
    const named = { 'Holdfast-Project': 'closing' };
    // If there are two facades, the other one may learn of it later, also within 2 s.
    const ask = { agent_name: 'echo', prompt: 'x' };
    await vi.waitFor(
      async () => expectProblem(await node.http.call(ask, named), 409, 'project_closed'),
      soon,
    );
    expectProblem(
      await node.http.post('/api/vps/keys', { name: 'late', project: 'closing', scopes: ['call'] }),
      409,
      'project_closed',
    );
    expect((await node.http.get(`/api/vps/calls/${call}`)).status).toBe(200);
    expect((await node.http.get('/api/vps/sessions/s', named)).status).toBe(200);
    expect((await node.http.delete('/api/vps/sessions/s?project=closing')).status).toBe(204);
    expectProblem(await node.http.post('/api/vps/projects/default/close'), 409, 'default_project');
    expectProblem(await node.http.post('/api/vps/projects/none/close'), 404, 'project_not_found');
    expectProblem(await node.http.post('/api/vps/projects', { name: 'closing' }), 409, 'project_exists');
  });
});

/** Bodies by the last part of the path. */
const bodies: Record<string, string> = {
  messages: JSON.stringify({ messages: [{ role: 'user', content: 'by another' }] }),
  '{id}': JSON.stringify({ system: 'by another' }),
};

/** Whether the request makes a session of that id in the sender's own project. */
function creates({ path, method }: { readonly path: string; readonly method: string }): boolean {
  return path.endsWith('/messages') || (path.endsWith('/sessions/{id}') && method === 'PATCH');
}

const unstable = (text: string): string =>
  text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME').replaceAll(/"(append_id|call_id)":"[^"]*"/g, '');

/** The node's own paths in a body, absolute or not. */
function linksIn(text: string): string[] {
  const links = text.match(/(?<=")(https?:\/\/[^"\s]+|\/(api|calls|sessions|batches)[^"\s]*)(?=")/g) ?? [];
  return links.flatMap((link) => {
    const url = new URL(link, node.http.url);
    return url.host === new URL(node.http.url).host ? [url.pathname + url.search] : [];
  });
}

/** The headers and the beginning of the answer: streams have no end. */
async function beginningOf(http: HttpClient, path: string): Promise<string> {
  const gone = new AbortController();
  const response = await fetch(node.http.url + path, { headers: http.headers, signal: gone.signal });
  const isStream = response.headers.get('Content-Type')?.startsWith('text/event-stream') === true;
  const text = await readUntil(response, (sofar) => isStream && sofar.includes('\n\n'));
  gone.abort();
  return JSON.stringify([...response.headers]) + text;
}

async function readUntil(response: Response, isEnough: (text: string) => boolean): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (isEnough(text)) break;
  }
  return text;
}

async function raw(http: HttpClient, path: string): Promise<string> {
  return (await fetch(node.http.url + path, { headers: http.headers })).text();
}
