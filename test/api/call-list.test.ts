/** The list of calls: its filters, its pages, and that no value of a filter can change the query. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { HttpAnswer, Json } from '../rig/http-client.ts';
import { expectInvalid } from './problem.ts';
import { says } from './scripts.ts';
import { useNode } from './use-node.ts';

const hostile = [
  "it's",
  'back\\slash',
  'ends in a backslash\\',
  "' OR 1=1",
  "\\' OR 1=1 --",
  "answers' OR HoldfastAgent != 'x",
  'say "so"',
  '100%',
  '_______',
  "'quoted'",
  'quoted',
  '%27quoted%27',
  '(`;*',
  'ünïcode 😀',
];

describe('the list of calls', () => {
  const node = useNode();
  /** Call ids, in the order of their start. */
  const ids: string[] = [];
  let secondHalf = '';

  const list = (query: Readonly<Record<string, string>> = {}): Promise<HttpAnswer> =>
    node.http.get(`/api/vps/calls?${new URLSearchParams(query).toString()}`);
  const callsOf = ({ body }: HttpAnswer): Json[] => body.calls as Json[];
  const agentsOf = (answer: HttpAnswer) => callsOf(answer).map((one) => one.agent_name);

  beforeAll(async () => {
    const call = async (body: Json, headers = {}): Promise<void> => {
      const answer = await node.http.call({ prompt: 'x', ...body }, headers);
      ids.push(answer.body.call_id as string);
    };
    await node.agent('answers', says('hello'));
    await node.agent('refuses', () => ({ status: 401 }));
    await node.agent('falls back', () => ({ status: 401 }), { fallback_agents: ['answers'] });
    const hanging = await node.agent('hangs', () => ({ hang: true }));
    for (const name of hostile) await node.agent(name, says('hello'));

    await call({ agent_name: 'answers', session_id: 'one', user_id: 'u' });
    await call({ agent_name: 'answers', session_id: 'two' });
    await call({ agent_name: 'refuses', session_id: 'one' });
    secondHalf = new Date().toISOString();
    await call({ agent_name: 'falls back' });
    await call({ agent_name: 'hangs' }, { Prefer: 'respond-async' });
    await call({ agent_name: 'hangs' }, { Prefer: 'respond-async' });
    await hanging.waitForRequests(2);
    await node.http.post(`/api/vps/calls/${ids[4] ?? ''}/cancel`);
    for (const name of hostile) await call({ agent_name: name, session_id: name });
    // The list may lag.
    await vi.waitFor(
      async () => {
        const statuses = callsOf(await list({ agent: 'hangs' })).map((one) => one.status);
        expect(statuses).toEqual(['running', 'cancelled']);
        expect(callsOf(await list())).toHaveLength(ids.length);
        expect(callsOf(await list({ status: 'running' }))).toHaveLength(1);
      },
      { timeout: 20_000 },
    );
  });

  it('shows for each call which agent was asked, which answered, and how it ended', async () => {
    const byId = new Map(callsOf(await list()).map((one) => [one.call_id, one]));

    expect([...byId.keys()].sort()).toEqual([...ids].sort());
    expect(byId.get(ids[0])).toEqual({
      call_id: ids[0],
      status: 'completed',
      agent_name: 'answers',
      asked: 'answers',
      answered_by: 'answers',
      error_type: null,
      session_id: 'one',
      user_id: 'u',
      started_at: expect.stringMatching(/Z$/) as unknown,
      ended_at: expect.stringMatching(/Z$/) as unknown,
      duration_ms: expect.any(Number) as unknown,
      rerun_of: null,
      superseded_by: null,
      resolved: null,
    });
    expect(byId.get(ids[2])).toMatchObject({ status: 'failed', error_type: 'auth', answered_by: null });
    expect(byId.get(ids[3])).toMatchObject({ asked: 'falls back', answered_by: 'answers' });
    expect(byId.get(ids[5])).toMatchObject({ status: 'running', ended_at: null, answered_by: null });
  });

  it.each([
    ['completed', 3 + hostile.length],
    ['failed', 1],
    ['cancelled', 1],
    ['running', 1],
  ])('filters by status %s', async (status, count) => {
    const calls = callsOf(await list({ status, limit: '200' }));
    expect(calls).toHaveLength(count);
    for (const call of calls) expect(call.status).toBe(status);
  });

  it('filters by the agent asked, the session, the start, and all of them together', async () => {
    expect(agentsOf(await list({ agent: 'answers' }))).toEqual(['answers', 'answers']);
    expect(agentsOf(await list({ session: 'one' })).sort()).toEqual(['answers', 'refuses']);
    expect(callsOf(await list({ since: secondHalf }))).toHaveLength(ids.length - 3);
    expect(callsOf(await list({ since: '2100-01-01T00:00:00+02:00' }))).toEqual([]);
    const together = await list({ status: 'completed', agent: 'answers', session: 'two' });
    expect(callsOf(together).map((one) => one.call_id)).toEqual([ids[1]]);
    expect(callsOf(await list({ status: 'failed', agent: 'answers' }))).toEqual([]);
  });

  it('lists running calls first, then by their end, newest first', async () => {
    const ends = callsOf(await list()).map((one) => one.ended_at as string | null);
    expect(ends[0]).toBeNull();
    expect(ends.slice(1)).toEqual([...ends.slice(1)].sort().reverse());
  });

  it.each(hostile)('finds exactly the calls of an agent and a session called %s', async (name) => {
    expect(agentsOf(await list({ agent: name }))).toEqual([name]);
    const [call] = callsOf(await list({ session: name }));
    expect(call).toMatchObject({ agent_name: name, session_id: name, answered_by: name });
    const read = await node.http.get(`/api/vps/calls/${call?.call_id as string}`);
    expect(read.body).toMatchObject({ agent_name: name, session_id: name });
  });

  it.each([
    ...hostile.map((name) => `${name}?`),
    "'answers'",
    "'answers",
    'answers\\',
    '"answers"',
    'answers%27',
    "answers' OR '1'='1",
  ])('finds nothing for %s, which only looks like others', async (name) => {
    expect(callsOf(await list({ agent: name }))).toEqual([]);
    expect(callsOf(await list({ session: name }))).toEqual([]);
  });

  it('pages through every call once, whatever the size of a page', async () => {
    const everything = callsOf(await list({ limit: '200' })).map((one) => one.call_id);
    for (const limit of [1, 4, ids.length]) {
      const seen: unknown[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const page: HttpAnswer = await list({ limit: String(limit), ...(cursor !== '' && { cursor }) });
        expect(callsOf(page).length).toBeLessThanOrEqual(limit);
        seen.push(...callsOf(page).map((one) => one.call_id));
        cursor = page.body.next_cursor as string | null;
      }
      expect(seen).toEqual(everything);
    }
  });

  it('refuses a forged cursor and one of another list at once, and names the field', async () => {
    const own = (await list({ limit: '1' })).body.next_cursor as string;
    const changed = own.slice(0, -4) + (own.endsWith('AAAA') ? 'BBBB' : 'AAAA');
    for (const cursor of ['AAAA', '!!', '', 'e30', changed, `${own}AAAA`, own.slice(0, 8)])
      expectInvalid(await list({ limit: '1', cursor }), 'cursor');
    expectInvalid(await list({ agent: 'answers', cursor: own }), 'cursor');
    expectInvalid(await node.http.get(`/api/vps/sessions?cursor=${own}`), 'cursor');
    expect((await list({ limit: '1', cursor: own })).status).toBe(200);
  });

  it.each([
    ['status', 'ended'],
    ['agent', ''],
    ['session', 'x'.repeat(129)],
    ['since', 'yesterday'],
    ['since', '2026-01-01'],
    ['limit', '0'],
    ['limit', '201'],
    ['limit', 'many'],
    ['limit', '1.5'],
    ['sort', 'asc'],
  ])('refuses %s=%s by name', async (field, value) => {
    expectInvalid(await list({ [field]: value }), field);
  });

  it('refuses a filter that is given twice', async () => {
    expectInvalid(await node.http.get('/api/vps/calls?status=failed&status=running'), 'status');
  });
});
