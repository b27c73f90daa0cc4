/** The settings of a session: a system prompt and a narrower window, which agents get from then on. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sessionWorkflowId } from '../../src/domain/ids.ts';
import type { ScriptedAgent } from '../agents/scripted-agent.ts';
import type { Json } from '../rig/http-client.ts';
import { expectInvalid, expectProblem } from './problem.ts';
import { echo, gated } from './scripts.ts';
import { useNode } from './use-node.ts';

describe('the settings of a session', () => {
  const node = useNode({
    HOLDFAST_INLINE_BYTES: '1024',
    HOLDFAST_MAX_PROMPT_BYTES: '9000',
    HOLDFAST_WINDOW_BYTES: '8000',
    HOLDFAST_SESSION_HISTORY_EVENTS: '50',
  });
  const pathOf = (id: string): string => `/api/vps/sessions/${encodeURIComponent(id)}`;
  const read = async (id: string): Promise<Json> => (await node.http.get(pathOf(id))).body;
  const set = (id: string, body: unknown) => node.http.patch(pathOf(id), body);

  let started: Promise<ScriptedAgent> | undefined;
  const agentOnce = (): Promise<ScriptedAgent> => (started ??= node.agent('echo', echo));
  /** Asks the agent and returns the contents that it got, each with its role if that is not of a conversation. */
  const sentWith = async (session_id: string, prompt: string): Promise<unknown[]> => {
    const agent = await agentOnce();
    const { body } = await node.http.call({ agent_name: 'echo', prompt, session_id });
    expect(body.success).toBe(true);
    const { messages } = agent.requests.at(-1)?.body as { messages: Json[] };
    return messages.map(({ role, content }) => (role === 'system' ? { system: content } : content));
  };

  it('create the session, are shown with it, and apply to every turn from then on', async () => {
    const { status, body } = await set('new', { system: 'Be brief.' });
    expect({ status, body }).toEqual({
      status: 200,
      body: { session_id: 'new', system: 'Be brief.', window: null },
    });
    expect(await read('new')).toMatchObject({ system: 'Be brief.', messages: [] });
    expect(await sentWith('new', 'one')).toEqual([{ system: 'Be brief.' }, 'one']);
    expect(await sentWith('new', 'two')).toEqual([{ system: 'Be brief.' }, 'one', 're: one', 'two']);
    expect((await set('new', { system: 'Be polite.', window: { turns: 1 } })).body).toEqual({
      session_id: 'new',
      system: 'Be polite.',
      window: { turns: 1 },
    });
    expect(await sentWith('new', 'three')).toEqual([{ system: 'Be polite.' }, 'two', 're: two', 'three']);
    expect(await read('new')).toMatchObject({ window: { turns: 1 }, messages: { length: 6 } });
    expect((await node.http.get(`${pathOf('new')}?limit=1`)).body).toMatchObject({ system: 'Be polite.' });

    expect((await set('new', { system: null, window: null })).body).toEqual({
      session_id: 'new',
      system: null,
      window: null,
    });
    expect(await sentWith('new', 'four')).toHaveLength(7);
    const plain = await read('new');
    expect(['system', 'window'].filter((name) => name in plain)).toEqual([]);
  });

  it('limit the window by characters', async () => {
    for (const prompt of ['a'.repeat(40), 'b'.repeat(10)]) await sentWith('measured', prompt);
    await set('measured', { window: { characters: 50 } });
    expect(await sentWith('measured', 'c')).toEqual(['b'.repeat(10), `re: ${'b'.repeat(10)}`, 'c']);
  });

  it('may be changed while a call has its turn, and apply to those that wait', async () => {
    const gate = gated('done');
    const slow = await node.agent('slow', gate.script);
    const call = node.http.call({ agent_name: 'slow', prompt: 'now', session_id: 'busy' });
    await slow.waitForRequests(1);
    const next = sentWith('busy', 'next');
    await expect
      .poll(async () => (await node.http.get('/api/vps/calls?session=busy')).body.calls)
      .toHaveLength(2);
    expect((await set('busy', { system: 'From now on.' })).status).toBe(200);
    gate.open();
    await call;
    expect(await next).toEqual([{ system: 'From now on.' }, 'now', 'done', 'next']);
  });

  it('outlive many turns, a fork, an export and an import', async () => {
    const system = `${'S'.repeat(4_000)} its end`;
    await set('carried', { system, window: { turns: 1, characters: 500 } });
    for (let turn = 0; turn < 12; turn++) await sentWith('carried', `${turn}`);
    const expected = { system, window: { turns: 1, characters: 500 } };
    expect(await read('carried')).toMatchObject(expected);

    await node.http.post(`${pathOf('carried')}/fork`, { session_id: 'fork' });
    const { carried } = (await node.http.get('/api/vps/sessions/export')).body.sessions as Record<
      string,
      Json
    >;
    const sessions = { imported: { ...carried, session_id: 'imported' } };
    expect((await node.http.post('/api/vps/sessions/import', { sessions })).body.imported).toBe(1);
    expect((await node.http.delete(pathOf('carried'))).status).toBe(204);
    for (const id of ['fork', 'imported']) {
      expect(await read(id)).toMatchObject(expected);
      expect(await sentWith(id, 'and?')).toEqual([{ system }, '11', 're: 11', 'and?']);
    }
  });

  it('with a large system prompt belong to the session, and are deleted with it', async () => {
    const folders = async () =>
      (await readdir(join(node.dataDir, 'payloads', 'sessions')).catch(() => [])).length;
    const before = await folders();
    const system = 'x'.repeat(5_000);
    for (const id of ['large', 'large too']) {
      await set(id, { window: { turns: 5 } });
      expect((await set(id, { system })).body.system).toBe(system);
      expect(await sentWith(id, 'hi')).toEqual([{ system }, 'hi']);
      expect((await node.http.delete(pathOf(id))).status).toBe(204);
      expect(await folders()).toBe(before);
      expect((await set(id, { system })).body).toEqual({ session_id: id, system, window: null });
      expect((await node.http.delete(pathOf(id))).status).toBe(204);
    }
    expect(await folders()).toBe(before);
  });

  it('keep a session that was created for them, although its first call is refused', async () => {
    const body = { agent_name: 'echo', prompt: 'x' };
    await agentOnce();
    await node.http.call({ ...body, session_id: 'elsewhere' }, { 'Idempotency-Key': 'taken' });
    await set('prepared', { window: { turns: 2 } });
    const refused = await node.http.call({ ...body, session_id: 'prepared' }, { 'Idempotency-Key': 'taken' });
    expectProblem(refused, 422, 'idempotency_mismatch');
    expect(await read('prepared')).toMatchObject({ window: { turns: 2 }, messages: [] });

    const exported = (await node.http.get('/api/vps/sessions/export')).body.sessions as Record<string, Json>;
    const sessions = { moved: { ...exported['prepared'], session_id: 'moved' } };
    expect((await node.http.post('/api/vps/sessions/import', { sessions })).body).toMatchObject({
      imported: 1,
    });
    expectProblem(
      await node.http.call({ ...body, session_id: 'moved' }, { 'Idempotency-Key': 'taken' }),
      422,
      'idempotency_mismatch',
    );
    expect(await read('moved')).toMatchObject({ window: { turns: 2 }, messages: [] });
  });

  it('are refused if they are not valid, and then create no session', async () => {
    const refused = async (body: unknown, field: string) => expectInvalid(await set('invalid', body), field);
    await refused({}, 'body');
    await refused({ system: '' }, 'system');
    await refused({ system: 7 }, 'system');
    await refused({ system: 'x'.repeat(7_999) }, 'system'); // With its quotes it is larger than the window.
    await refused({ window: {} }, 'window');
    await refused({ window: { turns: -1 } }, 'window.turns');
    await refused({ window: { characters: 1.5 } }, 'window.characters');
    await refused({ window: { turns: 1, messages: 3 } }, 'window.messages');
    await refused({ system: 'x', temperature: 0 }, 'temperature');
    expectProblem(await node.http.get(pathOf('invalid')), 404, 'session_not_found');
    expectInvalid(await set('__proto__', { system: 'x' }), 'id');
    expect((await node.http.patch('/api/vps/sessions', { system: 'x' })).status).toBe(405);
    const at = new Date().toISOString();
    const session = { created_at: at, last_activity: at, messages: [], system: 'x'.repeat(8_000) };
    const { body } = await node.http.post('/api/vps/sessions/import', { sessions: { invalid: session } });
    expect(body).toMatchObject({
      imported: 0,
      invalid: [{ error: expect.stringContaining('system') as string }],
    });
  });

  it('that are refused leave nothing in the history, even where the session would continue as new', async () => {
    const stateOf = async (name: string) => {
      const session = node.temporal.workflow.getHandle(sessionWorkflowId(name));
      const { runId, historyLength } = await session.describe();
      return { runId, historyLength };
    };
    // The task of another update would be events 49 and 50. A task that was lost and repeated adds events, so this may fail.
    const nearlyFull = async (name: string): Promise<boolean> => {
      for (let change = 0; change === 0 || (await stateOf(name)).historyLength < 48; change++)
        await set(name, { system: `${change}` });
      return (await stateOf(name)).historyLength === 48;
    };
    let name = 'nearly full';
    while (!(await nearlyFull(name))) name += ' again';
    const session = node.temporal.workflow.getHandle(sessionWorkflowId(name));
    const state = () => stateOf(name);
    const before = await state();
    const change = { args: [{ system: 'refused', life: 'another' }] as [object] };
    await expect(session.executeUpdate('configureSession', change)).rejects.toMatchObject({
      cause: { type: 'other_life' },
    });
    expect(await state()).toEqual(before);
    await set(name, { system: 'last' });
    await expect.poll(async () => (await state()).runId).not.toBe(before.runId);
    expect(await read(name)).toMatchObject({ system: 'last' });
  });
});
