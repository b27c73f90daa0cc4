/** Sessions as their endpoints show them: reading, deleting, cleaning up, listing, their bounds. */
import { describe, expect, it } from 'vitest';
import { sessionWorkflowId } from '../../src/domain/ids.ts';
import { newSession } from '../../src/domain/session.ts';
import { loadConfig } from '../../src/platform/config.ts';
import type { Json } from '../rig/http-client.ts';
import { expectInvalid, expectProblem } from './problem.ts';
import { echo, gated } from './scripts.ts';
import { useNode } from './use-node.ts';

describe('a session', () => {
  const node = useNode({ HOLDFAST_MAX_SESSION_QUEUE: '1', HOLDFAST_MAX_SESSION_METADATA_BYTES: '300' });
  const pathOf = (id: string): string => `/api/vps/sessions/${encodeURIComponent(id)}`;
  const read = async (id: string): Promise<Json> => (await node.http.get(pathOf(id))).body;

  const say = async (session_id: string, fields: Json = {}) => {
    await node.agent('echo', echo);
    return node.http.call({ agent_name: 'echo', prompt: 'hello', session_id, ...fields });
  };

  /** A call that holds the session's turn until it is let go. */
  const hold = async (session_id: string) => {
    const gate = gated('let go');
    const name = `holds ${session_id}`;
    const agent = await node.agent(name, gate.script);
    const call = node.http.call({ agent_name: name, prompt: 'hold', session_id });
    await agent.waitForRequests(1);
    return { call, letGo: () => gate.open() };
  };

  const listed = async (): Promise<unknown[]> => {
    const { body } = await node.http.get('/api/vps/sessions?limit=200');
    return (body.sessions as Json[]).map((one) => one.session_id).sort();
  };

  it('is read page by page, newest message first, and whole without these parameters', async () => {
    for (const prompt of ['one', 'two', 'three']) await say('paged', { prompt });
    const whole = await read('paged');
    const all = (whole.messages as Json[]).toReversed();
    const page = async (query: string) => (await node.http.get(`${pathOf('paged')}?${query}`)).body;

    const newest = await page('limit=4');
    expect(newest).toEqual({ ...whole, messages: all.slice(0, 4), total_messages: 6, next_before: 2 });
    await say('paged', { prompt: 'meanwhile' });
    expect(await page('limit=4&before=2')).toMatchObject({
      messages: all.slice(4),
      total_messages: 8,
      next_before: null,
    });
    expect(await page('limit=2&before=2')).toMatchObject({ messages: all.slice(4), next_before: null });
    expect(await page('before=0')).toMatchObject({ messages: [], next_before: null });
    const { body } = await node.http.get('/api/vps/sessions?id=paged&before=6&limit=4');
    expect(body).toMatchObject({ messages: all.slice(0, 4), next_before: 2 });
  });

  it('is not read with a wrong page', async () => {
    await say('paged');
    for (const query of ['limit=0', 'limit=201', 'limit=x'])
      expectInvalid(await node.http.get(`${pathOf('paged')}?${query}`), 'limit');
    for (const query of ['before=-1', 'before=1.5', 'before='])
      expectInvalid(await node.http.get(`${pathOf('paged')}?${query}`), 'before');
    expectInvalid(await node.http.get('/api/vps/sessions?before=3'), 'before');
    expectInvalid(await node.http.get('/api/vps/sessions?id=paged&cursor=x'), 'cursor');
    expectProblem(await node.http.get(`${pathOf('nowhere')}?limit=3`), 404, 'session_not_found');
  });

  it('is read with every message, its author and its time', async () => {
    const before = Date.now();
    const { status, body } = await say('read', { user_id: 'u', metadata: { topic: 'greeting' } });
    expect({ status, ...body }).toMatchObject({ status: 200, success: true }); // A refusal says why.

    const session = await read('read');

    const message = { call_id: body.call_id, failed: false, timestamp: session.last_activity };
    expect(session).toEqual({
      session_id: 'read',
      user_id: 'u',
      created_at: session.created_at,
      last_activity: session.last_activity,
      messages: [
        { ...message, role: 'user', content: 'hello', agent: null },
        { ...message, role: 'assistant', content: 're: hello', agent: 'echo' },
      ],
      metadata: { topic: 'greeting' },
    });
    const [created, active] = [session.created_at, session.last_activity].map((at) =>
      Date.parse(at as string),
    );
    expect(created).toBeGreaterThanOrEqual(before);
    expect(active).toBeGreaterThanOrEqual(created ?? Infinity);
    expect(active).toBeLessThanOrEqual(Date.now());
  });

  it("merges each call's metadata member by member, and keeps its first user", async () => {
    await say('merged', { user_id: 'first', metadata: { a: 1, b: { deep: 1 }, c: [1, 2] } });
    await say('merged', { user_id: 'second', metadata: { b: { other: 2 }, c: null } });
    await say('merged');
    expect(await read('merged')).toMatchObject({
      user_id: 'first',
      metadata: { a: 1, b: { other: 2 }, c: null },
    });
    expect((await read('merged')).metadata).toEqual({ a: 1, b: { other: 2 }, c: null });
  });

  it('may have an id of any printable characters', async () => {
    for (const id of ['a/b?c#d', 'say "so"', '100%', "it's", '😀 ü']) {
      await say(id);
      expect(await read(id)).toMatchObject({ session_id: id, messages: [{ content: 'hello' }, {}] });
      expect((await node.http.delete(pathOf(id))).status).toBe(204);
    }
  });

  it.each(['.', '..', '__proto__'])('is not begun by the name %s', async (session_id) => {
    expectInvalid(await say(session_id), 'session_id');
    expect((await say('fine', { user_id: session_id })).body).toMatchObject({ success: true });
  });

  it.each(['.', '..'])('that has the name %s from earlier is read and deleted by ?id=', async (id) => {
    await node.temporal.workflow.start('session', {
      workflowId: sessionWorkflowId(id),
      taskQueue: 'holdfast',
      args: [newSession(id, Date.now()), loadConfig({}).session],
    });
    const byId = `/api/vps/sessions?id=${id}`;
    expect(await node.http.get(byId)).toMatchObject({ status: 200, body: { session_id: id, messages: [] } });
    expect((await node.http.delete(`${byId}&calls=true`)).status).toBe(204);
    expectProblem(await node.http.get(byId), 404, 'session_not_found');
    expectProblem(await node.http.delete(byId), 404, 'session_not_found');
  });

  it.each(['export', 'import', 'cleanup'])('may be called %s as a fixed path is', async (id) => {
    await say(id);
    const byId = `/api/vps/sessions?id=${id}`;
    const { messages } = (await node.http.get(byId)).body;
    expect(messages).toMatchObject([{ content: 'hello' }, { content: 're: hello' }]);
    expect((await node.http.delete(byId)).status).toBe(204);
    expectProblem(await node.http.get(byId), 404, 'session_not_found');
  });

  it('can be deleted only by its id, never all sessions at once', async () => {
    await say('stays');
    for (const path of [
      '/api/vps/sessions',
      '/api/vps/sessions/',
      '/api/vps/sessions?id=',
      '/api/vps/sessions?calls=true',
    ])
      expectInvalid(await node.http.delete(path), 'id');
    expect((await node.http.get(pathOf('stays'))).status).toBe(200);
  });

  it('is 404 to read and to delete if it does not exist', async () => {
    expectProblem(await node.http.get(pathOf('never')), 404, 'session_not_found');
    expectProblem(await node.http.delete(pathOf('never')), 404, 'session_not_found');
  });

  it('no longer exists once it is deleted, and the next call begins a new one', async () => {
    await say('deleted', { metadata: { old: true } });

    const answer = await node.http.delete(pathOf('deleted'));

    expect(answer).toMatchObject({ status: 204, body: undefined });
    expectProblem(await node.http.get(pathOf('deleted')), 404, 'session_not_found');
    expectProblem(await node.http.delete(pathOf('deleted')), 404, 'session_not_found');
    await say('deleted', { prompt: 'anew' });
    expect(await read('deleted')).toMatchObject({ metadata: {}, messages: [{ content: 'anew' }, {}] });
  });

  it('is not created again by a call in flight when it is deleted, and the answer says so', async () => {
    const { call, letGo } = await hold('lost');
    expect((await node.http.delete(pathOf('lost'))).status).toBe(204);
    letGo();
    expect((await call).body).toMatchObject({ success: true, response: 'let go', session_stored: false });
    expectProblem(await node.http.get(pathOf('lost')), 404, 'session_not_found');
  });

  it('is not deleted by an invalid request', async () => {
    await say('spared');
    expectInvalid(await node.http.delete(`${pathOf('spared')}?calls=yes`), 'calls');
    expectInvalid(await node.http.delete(`${pathOf('spared')}?call=true`), 'call');
    expect(await read('spared')).toMatchObject({ session_id: 'spared' });
  });

  it('refuses calls with 429 and the limit while its queue is full, and accepts calls again later', async () => {
    const { call, letGo } = await hold('queued');
    const waiting = await node.http.call(
      { agent_name: 'echo', prompt: 'waits', session_id: 'queued' },
      { Prefer: 'respond-async' },
    );
    expect(waiting.status).toBe(202);

    const refused = await say('queued', { prompt: 'too many' });

    expectProblem(refused, 429, 'session_queue_full');
    expect(refused.headers.get('Retry-After')).toBe('1');
    expect(refused.headers.get('RateLimit')).toBe('"session";r=0;t=1');
    expect(refused.headers.get('RateLimit-Policy')).toBe('"session";q=1;qu="concurrent-requests"');
    letGo();
    await call;
    expect((await say('queued', { prompt: 'last' })).body).toMatchObject({ success: true });
    const contents = ((await read('queued')).messages as Json[]).map((one) => one.content);
    expect(contents).toEqual(['hold', 'let go', 'waits', 're: waits', 'last', 're: last']);
  });

  it('refuses a call with which its metadata would exceed the limit, and accepts others', async () => {
    await say('full', { metadata: { a: 'x'.repeat(200) } });
    const refused = await say('full', { metadata: { b: 'x'.repeat(200) } });
    expectProblem(refused, 422, 'session_metadata_full');
    expect(refused.body.detail).toContain('300 bytes');
    expect((await say('full')).body.success).toBe(true);
    expect((await read('full')).messages).toHaveLength(4);
  });

  it('is listed until it is deleted, page by page, each once', async () => {
    const ids = ['page 1', 'page 2', 'page 3', 'page "4"', 'page 5'];
    for (const id of ids) await say(id);
    await expect.poll(listed).toEqual(expect.arrayContaining(ids));
    const everything = await listed();

    const seen: unknown[] = [];
    for (let query = 'limit=2'; query !== '';) {
      const { body } = await node.http.get(`/api/vps/sessions?${query}`);
      seen.push(...(body.sessions as Json[]).map((one) => one.session_id));
      expect((body.sessions as Json[]).length).toBeLessThanOrEqual(2);
      query = body.next_cursor === null ? '' : `limit=2&cursor=${body.next_cursor as string}`;
    }

    expect(seen.sort()).toEqual(everything);
    await node.http.delete(pathOf('page 3'));
    await expect.poll(listed).toEqual(everything.filter((id) => id !== 'page 3'));
    expectInvalid(await node.http.get('/api/vps/sessions?limit=0'), 'limit');
    expectInvalid(await node.http.get('/api/vps/sessions?cursor=AAAA'), 'cursor');
  });

  it('survives a cleanup while it is younger than the age, and while a call holds it', async () => {
    await say('idle');
    const { call, letGo } = await hold('held');
    const count = async () => (await node.http.get('/api/vps/status')).body.sessions as number;
    await expect.poll(listed).toEqual(expect.arrayContaining(['idle', 'held']));
    const sessions = (await listed()).length;
    const cleanup = async (query = '') => (await node.http.post(`/api/vps/sessions/cleanup${query}`)).body;

    expect(await cleanup()).toEqual({ cleaned_up: 0, remaining_sessions: sessions });
    expect(await cleanup('?max_age_hours=0.5')).toEqual({ cleaned_up: 0, remaining_sessions: sessions });
    expect(await cleanup('?max_age_hours=0')).toEqual({ cleaned_up: sessions - 1, remaining_sessions: 1 });

    expectProblem(await node.http.get(pathOf('idle')), 404, 'session_not_found');
    await expect.poll(count).toBe(1);
    letGo();
    expect((await call).body.session_stored).toBe(true);
    expect((await read('held')).messages).toHaveLength(2);
    expect(await cleanup('?max_age_hours=0')).toEqual({ cleaned_up: 1, remaining_sessions: 0 });
  });

  it.each(['-1', 'old', '1000001', '', '%20', '%09', '0x0', '1e1', '%200', '0%20', '0&max_age_hours=1'])(
    "is not cleaned up by an age of '%s' hours",
    async (age) => {
      await say('stays');
      expectInvalid(await node.http.post(`/api/vps/sessions/cleanup?max_age_hours=${age}`), 'max_age_hours');
      expect((await node.http.get(pathOf('stays'))).status).toBe(200);
    },
  );
});
