/** Finding calls: every filter beside those of call-list.test.ts, values that would change the query, pages that grow. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { searchAttributes } from '../../src/workflows/search-attributes.ts';
import type { HttpAnswer, Json } from '../rig/http-client.ts';
import { expectInvalid } from './problem.ts';
import { says } from './scripts.ts';
import { useNode } from './use-node.ts';

const hostile = [
  "o'brien",
  "'quoted'",
  'say "so"',
  'back\\slash',
  'ends in a backslash\\',
  "u' OR HoldfastUser != 'x",
  "\\' OR 1=1 --",
  'u%',
  '_',
  '100%25',
  'ünïcode 😀',
];

describe('finding calls', () => {
  const node = useNode();
  const ids: Record<string, string> = {};

  const list = (query: Readonly<Record<string, string>>): Promise<HttpAnswer> =>
    node.http.get(`/api/vps/calls?${new URLSearchParams(query).toString()}`);
  const found = async (query: Readonly<Record<string, string>>): Promise<unknown[]> =>
    ((await list({ limit: '200', ...query })).body.calls as Json[]).map((one) => one.call_id);
  const counts = async (query: Readonly<Record<string, string>>): Promise<Json> =>
    (await node.http.get(`/api/vps/calls/counts?${new URLSearchParams(query).toString()}`)).body;
  const call = async (name: string, body: Json): Promise<void> => {
    ids[name] = (await node.http.call({ prompt: 'x', ...body })).body.call_id as string;
  };

  beforeAll(async () => {
    await node.agent('answers', says('hello'));
    await node.agent('refuses', () => ({ status: 401 }));
    await node.agent('falls back', () => ({ status: 401 }), { fallback_agents: ['it\'s "who"'] });
    await node.agent('it\'s "who"', says('hello'));
    await call('answered', { agent_name: 'answers', user_id: 'u' });
    await call('refused', { agent_name: 'refuses', user_id: 'u' });
    await call('fallen', { agent_name: 'falls back' });
    for (const user_id of hostile) await call(user_id, { agent_name: 'answers', user_id });
    const hanging = await node.agent('hangs', () => ({ hang: true }));
    const { body } = await node.http.call({ agent_name: 'hangs', prompt: 'x' }, { Prefer: 'respond-async' });
    ids.terminated = body.call_id as string;
    await hanging.waitForRequests(1);
    await node.temporal.workflow.getHandle(`call-${ids.terminated}`).terminate();
    const rerun = await node.http.post(`/api/vps/calls/${ids.refused ?? ''}/rerun`);
    ids.rerun = rerun.body.call_id as string;
    await vi.waitFor(
      async () =>
        expect(await counts({})).toEqual({
          total: Object.keys(ids).length,
          running: 0,
          completed: 2 + hostile.length,
          failed: 2,
          cancelled: 1,
          covers: null,
        }),
      { timeout: 20_000 },
    );
  });

  it('finds calls by error type, including those whose workflow did not record one', async () => {
    expect(await found({ error_type: 'auth' })).toEqual([ids.rerun, ids.refused]);
    expect(await found({ error_type: 'cancelled' })).toEqual([ids.terminated]);
    expect(await found({ error_type: 'internal' })).toEqual([]);
    expect((await list({ error_type: 'cancelled' })).body.calls).toMatchObject([{ error_type: 'cancelled' }]);
  });

  it('finds calls by the agent that answered, whatever its name, but not by one that was only asked', async () => {
    expect(await found({ answered_by: 'it\'s "who"' })).toEqual([ids.fallen]);
    expect(await found({ answered_by: 'falls back' })).toEqual([]);
    expect(await found({ answered_by: 'refuses' })).toEqual([]);
    expect(await found({ answered_by: 'hangs' })).toEqual([]);
    expect(await found({ answered_by: 'answers', user: 'u' })).toEqual([ids.answered]);
  });

  it('finds calls by the beginning of their id, by the call that they run again, and by the time of their start', async () => {
    const id = ids.answered ?? '';
    expect(await found({ text: id.slice(0, 13) })).toEqual([id]);
    expect(await found({ rerun_of: ids.refused ?? '' })).toEqual([ids.rerun]);
    const at = ((await list({ text: id })).body.calls as Json[])[0]?.started_at as string;
    expect(await found({ until: at })).toEqual([]);
    expect(await found({ since: at })).toHaveLength(Object.keys(ids).length);
    expect(await found({ since: at, until: new Date(Date.parse(at) + 1).toISOString() })).toContain(id);
  });

  it.each(hostile)('finds exactly the call of the user %s', async (user) => {
    expect(await found({ user })).toEqual([ids[user]]);
    expect((await list({ user })).body.calls).toMatchObject([{ user_id: user }]);
    expect(await counts({ user })).toMatchObject({ total: 1, completed: 1 });
  });

  it.each(['answered_by', 'text', 'rerun_of', 'session'])(
    'finds nothing for a %s that would change the query',
    async (field) => {
      for (const value of [...hostile, '%', "' OR '1'='1", 'GROUP BY WorkflowId', "x') OR ('a'='a"])
        expect([value, await found({ [field]: value })]).toEqual([value, []]);
    },
  );

  it('finds a user stored before names were encoded, and no other user by that spelling', async () => {
    const handle = await node.temporal.workflow.start('agentCall', {
      workflowId: 'call-of-old',
      taskQueue: 'nobody-works-here',
      args: [],
      typedSearchAttributes: [{ key: searchAttributes.user, value: "d'arcy 100%" }],
    });
    await expect.poll(() => found({ user: "d'arcy 100%" })).toEqual(['of-old']);
    expect((await list({ text: 'of-o' })).body.calls).toMatchObject([{ user_id: "d'arcy 100%" }]);
    expect(await found({ user: 'd%27arcy 100%25' })).toEqual([]);
    await handle.terminate();
  });

  it('continues paging at the same place although new calls arrive meanwhile', async () => {
    const before = await found({});
    const seen: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: HttpAnswer = await list({ limit: '4', ...(cursor !== '' && { cursor }) });
      seen.push(...(page.body.calls as Json[]).map((one) => one.call_id));
      cursor = page.body.next_cursor as string | null;
      const { body } = await node.http.call({ agent_name: 'answers', prompt: 'x' });
      await expect.poll(() => found({ text: body.call_id as string })).toHaveLength(1);
    }
    expect(seen).toEqual(before);
  });

  it.each([
    ['error_type', 'odd'],
    ['until', 'tomorrow'],
    ['text', ' '],
    ['user', ''],
  ])('refuses %s=%s by name, in lists and in counts', async (field, value) => {
    expectInvalid(await list({ [field]: value }), field);
    expectInvalid(await node.http.get(`/api/vps/calls/counts?${field}=${value}`), field);
  });
});
