/**
 * Finding calls by what Temporal's list filter cannot say, and sorting them: over all pages each answer equals what the
 * calls themselves say of them.
 */
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import pMap from 'p-map';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createFileStore } from '../../src/payloads/file-store.ts';
import { EndingLog } from '../../src/services/endings/ending-log.ts';
import type { CallDescription, CallList, CallSummary, CallsCovered } from '../../src/contract/calls.ts';
import { expectInvalid } from './problem.ts';
import { gated, says } from './scripts.ts';
import { useNode } from './use-node.ts';

type Query = Readonly<Record<string, string>>;

/** What the tests know of a call. */
interface Known {
  readonly call: CallDescription;
  readonly asked: readonly string[];
}

/** 60 calls in CI, or HOLDFAST_TEST_CALLS. */
const callCount = Number(process.env['HOLDFAST_TEST_CALLS'] ?? 60);
/** About ten pages each time. */
const pageLimit = Math.min(200, Math.ceil(callCount / 9));
const gate = gated('late');

describe('the search of calls', () => {
  const node = useNode();
  const known = new Map<string, Known>();
  let waiting = '';
  let unresolved = '';
  let resolved: readonly string[] = [];

  const path = (query: Query, kind = ''): string =>
    `/api/vps/calls${kind}?${new URLSearchParams(query).toString()}`;
  const list = async (query: Query): Promise<CallList> => {
    const { status, body } = await node.http.get(path(query));
    expect(status, JSON.stringify(body)).toBe(200);
    return body as unknown as CallList;
  };
  const all = async (query: Query, limit = pageLimit): Promise<CallSummary[]> => {
    const found: CallSummary[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await list({ ...query, limit: String(limit), ...(cursor && { cursor }) });
      found.push(...page.calls);
      cursor = page.next_cursor;
    }
    return found;
  };
  const describeCall = async (callId: string): Promise<CallDescription> =>
    (await node.http.get(`/api/vps/calls/${callId}`)).body as unknown as CallDescription;
  const start = async (agent_name: string, more: object = {}): Promise<string> => {
    const { status, body } = await node.http.call({ agent_name, prompt: 'x', ...more });
    expect(status).toBe(200);
    return String(body.call_id);
  };
  const rerun = async (callId: string, body: object = {}): Promise<string> => {
    const answer = await node.http.post(`/api/vps/calls/${callId}/rerun`, body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(202);
    const rerunId = String(answer.body.call_id);
    await vi.waitFor(async () => expect((await describeCall(rerunId)).status).not.toBe('running'), 10_000);
    return rerunId;
  };

  beforeAll(async () => {
    await node.agent('answers', says('hello'));
    await node.agent('refuses', () => ({ status: 401 }));
    await node.agent('falls back', () => ({ status: 401 }), { fallback_agents: ['answers'] });
    await node.agent('falls in vain', () => ({ status: 401 }), { fallback_agents: ['refuses'] });
    await node.agent('waits', gate.script);
    const agents = ['answers', 'refuses', 'falls back', 'falls in vain'];
    const ids: string[] = [];
    const ask = (number: number): Promise<string> => {
      const index = number % 4;
      const group = number - index;
      return start(agents[index] ?? '', {
        prompt: `Question ${number} about ${index % 2 === 0 ? 'Ships' : 'sails'}\nand more`,
        metadata: { number, customer: group % 8 === 0 ? 'acme' : 'other', vip: index === 1 },
        user_id: `user ${group % 3}`,
        ...(index === 0 && { session_id: `session ${group % 5}` }),
      });
    };
    const numbers = Array.from({ length: callCount }, (_none, number) => number);
    ids.push(...(await pMap(numbers, ask, { concurrency: 16 })));
    const failed = await start('refuses', { prompt: 'is answered in the end' });
    const again = await rerun(failed);
    resolved = [failed, again];
    const third = await rerun(again, { agent_name: 'answers' });
    unresolved = await start('refuses', { prompt: 'is never answered' });
    ids.push(failed, again, third, unresolved, await rerun(unresolved));
    const { body } = await node.http.call({ agent_name: 'waits', prompt: 'x' }, { Prefer: 'respond-async' });
    waiting = String(body.call_id);
    const learn = async (id: string): Promise<void> => {
      const call = await describeCall(id);
      const asked = call.attempts.filter(({ status }) => status !== 'skipped').map(({ agent }) => agent);
      known.set(id, { call, asked: id === waiting ? ['waits'] : asked });
    };
    await pMap([...ids, waiting], learn, { concurrency: 16 });
    // Lists and the log of endings lag.
    await vi.waitFor(
      async () => {
        const { covers } = await list({ sort: 'ended', limit: '1' });
        expect(covers).toMatchObject({ calls: ids.length, whole: true } satisfies Partial<CallsCovered>);
        const { body: counts } = await node.http.get('/api/vps/calls/counts');
        expect(counts).toMatchObject({ total: ids.length + 1, running: 1 });
        // Until the log has a call, its named agent alone is known to have been asked.
        const byRefusing = expected(({ asked }) => asked.includes('refuses'));
        expect(idsOf(await all({ asked: 'refuses' })).sort()).toEqual(byRefusing);
      },
      { timeout: 60_000, interval: 500 },
    );
  }, 1_800_000);

  const idsOf = (calls: readonly { readonly call_id: string }[]): string[] => calls.map((one) => one.call_id);
  const expected = (matches: (one: Known) => boolean): string[] =>
    [...known].flatMap(([id, one]) => (matches(one) ? [id] : [])).sort();
  const isOver = ({ call }: Known): boolean => call.ended_at !== null;
  const failedOver = ({ call }: Known): boolean =>
    call.answered_by !== null && call.answered_by !== call.asked;

  it.each([
    [{ asked: 'answers' }, ({ asked }: Known) => asked.includes('answers')],
    [{ asked: 'refuses' }, ({ asked }: Known) => asked.includes('refuses')],
    [{ asked: 'waits' }, ({ asked }: Known) => asked.includes('waits')],
    [{ asked: 'refuses', agent: 'falls in vain' }, ({ call }: Known) => call.asked === 'falls in vain'],
    [{ failed_over: 'true' }, failedOver],
    [{ failed_over: 'false' }, (one: Known) => isOver(one) && !failedOver(one)],
    [{ resolved: 'true' }, ({ call }: Known) => resolved.includes(call.call_id)],
    [
      { resolved: 'false' },
      ({ call }: Known) => call.status === 'failed' && !resolved.includes(call.call_id),
    ],
    [
      { asked: 'answers', status: 'completed', user: 'user 1' },
      ({ call, asked }: Known) =>
        call.status === 'completed' && call.user_id === 'user 1' && asked.includes('answers'),
    ],
    [{ asked: 'answers', session: 'session 3' }, ({ call }: Known) => call.session_id === 'session 3'],
    [{ sort: 'started' }, () => true],
    [{ sort: 'ended', error_type: 'auth' }, ({ call }: Known) => call.error_type === 'auth'],
    [{ 'metadata.customer': 'acme' }, ({ call }: Known) => call.metadata?.['customer'] === 'acme'],
    [
      { 'metadata.number': '8', 'metadata.vip': 'false' },
      ({ call }: Known) => call.metadata?.['number'] === 8,
    ],
    [{ prompt_contains: 'SHIPS' }, ({ call }: Known) => call.prompt.includes('Ships')],
    [
      { prompt_contains: 'sails', failed_over: 'false', 'metadata.customer': 'acme' },
      (one: Known) =>
        one.call.prompt.includes('sails') && one.call.metadata?.['customer'] === 'acme' && !failedOver(one),
    ],
  ] as [Query, (one: Known) => boolean][])(
    'finds over all pages exactly what %o is about',
    async (query, matches) => {
      const found = await all(query);
      expect(idsOf(found).sort()).toEqual(expected(matches));
      // A count reads the content of at most 1,000 calls.
      const isCounted = query.status === undefined && callCount < 1_000;
      const counts = (await node.http.get(path(without(query, 'sort'), '/counts'))).body;
      if (isCounted) expect(counts.total).toBe(found.length);
    },
  );

  it.each(['started', 'ended', 'duration'] as const)(
    'sorts by %s, in both directions, over all pages',
    async (sort) => {
      const keyOf = (call: CallSummary): number =>
        sort === 'duration'
          ? (call.duration_ms ?? 0)
          : Date.parse(sort === 'ended' ? (call.ended_at ?? '') : call.started_at);
      const down = await all({ sort });
      expect(down).toHaveLength(sort === 'started' ? known.size : known.size - 1);
      const keys = down.map(keyOf);
      expect(keys).toEqual(keys.toSorted((one, other) => other - one));
      const up = await all({ sort, order: 'asc' }, 2 * pageLimit > 200 ? 150 : 2 * pageLimit);
      expect(idsOf(up)).toEqual(idsOf(down).reverse());
    },
  );

  it('says of a failed call whether it was answered after all, in lists and at the call', async () => {
    const rows = new Map((await all({}, 200)).map((one) => [one.call_id, one]));
    for (const id of resolved) expect(rows.get(id)).toMatchObject({ status: 'failed', resolved: true });
    expect(rows.get(unresolved)).toMatchObject({ resolved: false });
    expect(rows.get(waiting)).toMatchObject({ resolved: null, duration_ms: null });
    expect(await describeCall(resolved[0] ?? '')).toMatchObject({ resolved: true });
    expect(await describeCall(unresolved)).toMatchObject({ resolved: false });
  });

  it('shows how prompts begin, only if asked to', async () => {
    const [call] = (await list({ limit: '1', include: 'prompt', agent: 'answers', user: 'user 0' })).calls;
    expect(call?.prompt_preview).toMatch(/^Question \d+ about Ships and more$/);
    expect((await list({ limit: '1' })).calls[0]).not.toHaveProperty('prompt_preview');
  });

  it('gives every call once while others end between the pages', async () => {
    const before = idsOf(await all({ sort: 'ended' }, 200));
    const found: string[] = [];
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const page = await list({ sort: 'ended', limit: '9', ...(cursor && { cursor }) });
      found.push(...idsOf(page.calls));
      cursor = page.next_cursor;
      const id = await start('answers', { prompt: 'meanwhile' });
      known.set(id, { call: await describeCall(id), asked: ['answers'] });
    }
    expect(found).toEqual(before);
  });

  it('refuses a cursor of another list, an order of nothing, and what it does not know', async () => {
    const { next_cursor: cursor } = await list({ sort: 'ended', limit: '1' });
    for (const query of [
      { sort: 'started' },
      { sort: 'ended', order: 'asc' },
      { sort: 'ended', status: 'failed' },
    ])
      expectInvalid(await node.http.get(path({ ...query, cursor: cursor ?? '' })), 'cursor');
    expectInvalid(await node.http.get(path({ order: 'asc' })), 'order');
    expectInvalid(await node.http.get(path({ sort: 'agent' })), 'sort');
    expectInvalid(await node.http.get(path({ 'metadatas.x': '1' })), 'metadatas.x');
    expectInvalid(await node.http.get(path({ sort: 'ended', cursor: 'x'.repeat(40) })), 'cursor');
  });

  it('writes the same list as CSV, in which no text is a formula', async () => {
    const id = await start('answers', { prompt: '=HYPERLINK("x")', user_id: '@home' });
    known.set(id, { call: await describeCall(id), asked: ['answers'] });
    const csv = async (query: Query): Promise<string[]> => {
      const answer = await node.http.get(path(query, '.csv'));
      expect(answer.headers.get('Content-Type')).toMatch(/^text\/csv/);
      expect(answer.headers.get('Content-Disposition')).toContain('holdfast-calls.csv');
      return String(answer.body.text).split('\r\n').slice(0, -1);
    };
    await expect
      .poll(async () => (await list({ sort: 'started', limit: '2' })).calls.map((one) => one.call_id), {
        timeout: 20_000,
      })
      .toContain(id);
    const { headers } = await node.http.get(path({ sort: 'started' }, '.csv'));
    expect(JSON.parse(headers.get('Holdfast-Covers') ?? '')).toMatchObject({ whole: true, running: 'all' });
    const [head, ...lines] = await csv({ sort: 'started', order: 'asc', status: 'failed' });
    expect(head).toMatch(/^call_id,status,asked,/);
    const rows = await all({ sort: 'started', order: 'asc', status: 'failed' });
    expect(lines.map((line) => line.split(',')[0])).toEqual(idsOf(rows));
    expect(await csv({ limit: '3' })).toHaveLength(4);
    const [, line] = await csv({ text: id, include: 'prompt' });
    expect(line).toContain(`,'@home,`);
    expect(line).toContain(`"'=HYPERLINK(""x"")"`);
  });

  it('lists a call whose wait for an agent is over where it belongs', async () => {
    gate.open();
    await expect
      .poll(async () => idsOf(await all({ sort: 'ended', asked: 'waits' })), { timeout: 20_000 })
      .toEqual([waiting]);
    const [first] = await all({ sort: 'duration' }, 200);
    expect(first?.call_id).toBe(waiting);
  });

  it('never shows nor counts a call that was deleted, however many of them the log still has', async () => {
    const log = new EndingLog(createFileStore(join(node.dataDir, 'payloads')));
    const now = Date.now();
    const deleted = Array.from({ length: 10_000 }, (_none, index) => ({
      callId: randomUUID(),
      runId: randomUUID(),
      agent: 'answers',
      outcome: 'failed' as const,
      startedAt: now - 20_000 - index,
      endedAt: now - 10_000 - index,
      queuedMs: 0,
      attempts: [{ agent: 'answers', errorType: 'auth' as const, tries: 1, latencyMs: 1 }],
    }));
    // The reader of the endings may take a number first, and goes on after ours.
    for (let number = await log.newest(0); ; number = await log.newest(number))
      if (await log.append({ number: number + 1, fence: 0, at: now, until: now - 60_000, endings: deleted }))
        break;
    const counts = async () => (await node.http.get(path({ asked: 'answers' }, '/counts'))).body;
    const real = [...known.values()].filter(({ asked }) => asked.includes('answers')).length;
    await expect.poll(counts, { timeout: 30_000, interval: 1_000 }).toMatchObject({ total: real });
    const ids = new Set<string>(deleted.map(({ callId }) => callId));
    expect((await all({ sort: 'started' }, 100)).filter(({ call_id }) => ids.has(call_id))).toEqual([]);
  });

  it('says which call a waiting call waits for, and who falls back to an agent', async () => {
    const other = gated('late');
    const slow = await node.agent('is slow', other.script);
    const begin = async () =>
      String(
        (
          await node.http.call(
            { agent_name: 'is slow', prompt: 'x', session_id: 'in line' },
            { Prefer: 'respond-async' },
          )
        ).body.call_id,
      );
    const holder = await begin();
    await slow.waitForRequests(1);
    const queued = await begin();
    await expect.poll(async () => (await describeCall(queued)).waiting_for, { timeout: 10_000 }).toBe(holder);
    expect((await describeCall(holder)).waiting_for).toBeNull();
    other.open();
    await expect.poll(async () => (await describeCall(queued)).status, { timeout: 10_000 }).toBe('completed');
    expect((await describeCall(queued)).waiting_for).toBeNull();
    const { body } = await node.http.get('/api/vps/agents?id=answers');
    expect(body.fallback_of).toEqual(['falls back']);
  });

  it('keeps what an agent answered instead of an answer, without its token', async () => {
    const token = 'secret-token-of-the-agent';
    await node.agent(
      'is broken',
      () => ({
        status: 503,
        headers: { 'retry-after': '1', 'x-request-id': `id ${token}`, 'set-cookie': 'a=b' },
        body: { error: `overloaded, dear ${token}`, more: 'x'.repeat(1_000) },
      }),
      { auth_token: token, max_retries: 1, timeout_seconds: 5 },
    );
    const { attempts } = await describeCall(await start('is broken'));
    const tries = attempts[0]?.try_log ?? [];
    expect(tries).toHaveLength(2);
    for (const one of tries) {
      expect(one.http_status).toBe(503);
      expect(one.headers).toMatchObject({
        'retry-after': '1',
        'content-type': expect.stringContaining('json') as unknown,
      });
      expect(one.headers).not.toHaveProperty('set-cookie');
      expect(one.body_excerpt?.length).toBe(300);
      expect(one.body_excerpt).toContain('overloaded');
      expect(JSON.stringify(one)).not.toContain(token);
    }
    const { attempts: fine } = await describeCall(await start('answers'));
    expect(fine[0]?.try_log[0]).toMatchObject({ http_status: null, headers: null, body_excerpt: null });
  });

  it('lists sessions with their user, their messages and their last activity', async () => {
    const { body } = await node.http.get('/api/vps/sessions?include=details&limit=200');
    const sessions = body.sessions as { session_id: string; details: unknown }[];
    expect(sessions.find(({ session_id }) => session_id === 'session 3')?.details).toMatchObject({
      total_messages: expect.any(Number) as unknown,
      last_activity: expect.stringMatching(/Z$/) as unknown,
      live: false,
    });
  });
});

function without(query: Query, name: string): Query {
  return Object.fromEntries(Object.entries(query).filter(([one]) => one !== name));
}
