/** Sessions from one gateway to another: export, import, and files that are not what they should be. */
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Json } from '../rig/http-client.ts';
import { expectInvalid, expectProblem } from './problem.ts';
import { echo } from './scripts.ts';
import { useNode } from './use-node.ts';

const at = '2026-01-02T03:04:05.678Z';
const message = (content: string): Json => ({ timestamp: at, role: 'user', content });
const session = (fields: Json = {}): Json => ({
  user_id: null,
  created_at: at,
  last_activity: at,
  messages: [message('hello')],
  metadata: {},
  ...fields,
});

describe('sessions', () => {
  const source = useNode();
  const target = useNode({ HOLDFAST_MAX_IMPORT_BYTES: '20000' });

  const importInto = (node: typeof source, sessions: Json) =>
    node.http.post('/api/vps/sessions/import', { sessions });
  const exported = async (node: typeof source): Promise<Json> =>
    (await node.http.get('/api/vps/sessions/export')).body;
  const read = async (id: string): Promise<Json> =>
    (await target.http.get(`/api/vps/sessions/${encodeURIComponent(id)}`)).body;

  it('are absent from the export of a gateway that has none', async () => {
    const answer = await source.http.get('/api/vps/sessions/export');
    expect(answer.body).toEqual({
      exported_at: answer.body.exported_at,
      total_sessions: 0,
      sessions: {},
    });
    expect(answer.headers.get('Content-Type')).toMatch(/^application\/json/);
    expect(answer.headers.get('Content-Disposition')).toContain('attachment');
    expect(Math.abs(Date.now() - Date.parse(answer.body.exported_at as string))).toBeLessThan(60_000);
  });

  it('are the same after a transfer to another gateway, and continue there', async () => {
    await source.agent('echo', echo);
    await source.agent('broken', () => ({ status: 401 }));
    const say = (session_id: string, prompt: string, agent_name = 'echo') =>
      source.http.call({ agent_name, prompt, session_id, user_id: 'u', metadata: { a: { b: ['ü', null] } } });
    await say('one', 'first');
    await say('one', 'fails', 'broken');
    await say('two\'s "second"', 'only');
    await expect.poll(async () => (await exported(source)).total_sessions).toBe(2);
    const file = await exported(source);

    const report = await target.http.post('/api/vps/sessions/import', file);

    expect(report).toMatchObject({ status: 200, body: { imported: 2, skipped: [], invalid: [] } });
    for (const [id, content] of Object.entries(file.sessions as Json))
      expect(await read(id)).toEqual(content);
    expect(await read('one')).toMatchObject({
      user_id: 'u',
      messages: [{ content: 'first' }, { content: 're: first' }, { content: 'fails', failed: true }],
    });
    const agent = await target.agent('echo', echo);
    await target.http.call({ agent_name: 'echo', prompt: 'goes on', session_id: 'one' });
    const { messages } = agent.requests[0]?.body as { messages: Json[] };
    expect(messages.map((one) => one.content)).toEqual(['first', 're: first', 'goes on']);
  });

  it('that exist are not changed by an import, and are reported', async () => {
    const before = await read('one');
    const report = await importInto(target, { one: session(), three: session() });
    expect(report.body).toEqual({ imported: 1, skipped: ['one'], invalid: [] });
    expect(await read('one')).toEqual(before);
    expect(await read('three')).toMatchObject({ session_id: 'three', messages: [{ content: 'hello' }] });
  });

  it('of other gateways are imported with fewer fields, and their times become UTC', async () => {
    const local = '2026-01-02T05:04:05.678+02:00';
    const old = {
      created_at: local,
      last_activity: local,
      messages: [{ ...message('x'), timestamp: local }],
    };
    expect((await importInto(target, { old })).body.imported).toBe(1);
    expect(await read('old')).toEqual({
      session_id: 'old',
      user_id: null,
      created_at: at,
      last_activity: at,
      messages: [{ ...message('x'), agent: null, call_id: null, failed: false }],
      metadata: {},
    });
  });

  it('that are invalid are each reported with the reason, and the others are imported', async () => {
    const deep = Array.from({ length: 40 }).reduce<unknown>((inner) => [inner], 1);
    const wrong: Record<string, [sessions: unknown, error: RegExp]> = {
      'no object': [7, /^session: /],
      'no dates': [{ messages: [] }, /^created_at: .*; last_activity: /],
      'bad date': [session({ created_at: 'yesterday' }), /^created_at: /],
      'bad role': [session({ messages: [{ ...message('x'), role: 'robot' }] }), /^messages\.0\.role: /],
      'extra field': [session({ extra: 1 }), /extra/],
      'deep metadata': [session({ metadata: { deep } }), /^metadata: at most 32 levels/],
      ['x'.repeat(129)]: [session(), /^session_id: /],
      'control\u0007': [session(), /^session_id: /],
    };
    const sessions = Object.fromEntries(Object.entries(wrong).map(([id, [content]]) => [id, content]));

    const { status, body } = await importInto(target, { ...sessions, right: session() });

    expect(status).toBe(200);
    expect(body).toMatchObject({ imported: 1, skipped: [] });
    const told = body.invalid as { session_id: string; error: string }[];
    expect(told.map((one) => one.session_id)).toEqual(Object.keys(wrong));
    for (const { session_id, error } of told) expect(error).toMatch(wrong[session_id]?.[1] ?? /^$/);
    expect(await read('right')).toMatchObject({ session_id: 'right' });
  });

  it('in a truncated file are imported up to the break, and the problem says how many', async () => {
    const ids = Array.from({ length: 60 }, (_, i) => `broken off ${i}`);
    const large = session({ messages: [message('x'.repeat(5_000))] });
    const whole = JSON.stringify({ sessions: Object.fromEntries(ids.map((id) => [id, large])) });

    const answer = await source.http.post('/api/vps/sessions/import', whole.slice(0, -20));

    expectProblem(answer, 400, 'invalid_json');
    expect(answer.body).toMatchObject({ skipped: [], invalid: [] });
    expect(answer.body.imported).toBeGreaterThan(0);
    const found = ids.map(async (id) => (await source.http.get(`/api/vps/sessions/${id}`)).status);
    expect((await Promise.all(found)).filter((status) => status === 200)).toHaveLength(
      answer.body.imported as number,
    );
  });

  it('in a file over the limit are imported up to the limit, and the problem names the setting', async () => {
    const large = session({ messages: [message('x'.repeat(20_000))] });
    const answer = await importInto(target, { small: session(), large, never: session() });
    expectProblem(answer, 413, 'body_too_large');
    expect(answer.body.detail).toContain('HOLDFAST_MAX_IMPORT_BYTES');
    expect((await read('never')).error_type).toBe('session_not_found');
    expect((await read('large')).error_type).toMatch(/session_not_found/);
  });

  it.each([
    '[]',
    '{}',
    'null',
    '7',
    '"sessions"',
    '{"sessions":null}',
    '{"sessions":"none"}',
    '{"sessions":[]}',
    `{"sessions":[${JSON.stringify(session())}]}`,
    `[{"sessions":{"inner":${JSON.stringify(session())}}}]`,
    `{"inner":{"sessions":{"inner":${JSON.stringify(session())}}}}`,
    `{"inner":"sessions"}`,
  ])('are none in JSON that is no export: %s', async (text) => {
    const answer = await target.http.post('/api/vps/sessions/import', text);
    expectInvalid(answer, 'body');
    expect(answer.body).toMatchObject({ imported: 0, skipped: [], invalid: [] });
    for (const id of ['0', 'inner'])
      expectProblem(await target.http.get(`/api/vps/sessions/${id}`), 404, 'session_not_found');
  });

  it('may be none in an export, which is then imported without an error', async () => {
    expect((await importInto(target, {})).body).toEqual({ imported: 0, skipped: [], invalid: [] });
  });

  it('in a large file that is not an export are refused while the rest of it is still being sent', async () => {
    const answer = await source.http.post('/api/vps/sessions/import', `[${'"x",'.repeat(2_000_000)}"x"]`);
    expectInvalid(answer, 'body');
  });

  it('with another id than their key are refused with the file; those before are imported, and reported', async () => {
    const sessions = {
      before: session({ session_id: 'before' }),
      key: session({ session_id: 'other' }),
      after: session(),
    };
    const answer = await importInto(target, sessions);
    expectInvalid(answer, 'sessions.key.session_id');
    expect(answer.body.imported).toBe(1);
    for (const id of ['key', 'other', 'after'])
      expectProblem(await target.http.get(`/api/vps/sessions/${id}`), 404, 'session_not_found');
  });

  it('called __proto__ are refused with the file; those before are imported, and reported', async () => {
    const whole = JSON.stringify(session());
    const answer = await target.http.post(
      '/api/vps/sessions/import',
      `{"sessions":{"before proto":${whole},"__proto__":${whole},"after proto":${whole}}}`,
    );
    expectInvalid(answer, 'sessions.__proto__');
    expect(answer.body.imported).toBe(1);
    for (const id of ['__proto__', 'after proto'])
      expectProblem(await target.http.get(`/api/vps/sessions/${id}`), 404, 'session_not_found');
  });

  describe('compressed', () => {
    const send = (coding: string, body: Uint8Array) =>
      fetch(`${target.http.nextUrl()}/api/vps/sessions/import`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Content-Encoding': coding },
        body: new Uint8Array(body),
      });
    const fileOf = (id: string) => JSON.stringify({ sessions: { [id]: session() } });

    it.each([
      ['gzip', gzipSync],
      ['deflate', deflateSync],
      ['br', brotliCompressSync],
    ])('with %s are imported as any body is read', async (coding, compress) => {
      const answer = await send(coding.toUpperCase(), compress(fileOf(coding)));
      expect(await answer.json()).toEqual({ imported: 1, skipped: [], invalid: [] });
      expect(await read(coding)).toMatchObject({ messages: [{ content: 'hello' }] });
    });

    it.each([
      ['zstd', 'is not known', Buffer.from(fileOf('zstd')), 415, /Content-Encoding: zstd/],
      ['gzip', 'is not true', Buffer.from(fileOf('plain')), 400, /not what its Content-Encoding says/],
      [
        'gzip',
        'hides too much',
        gzipSync(`{"sessions":{}${' '.repeat(30_000)}}`),
        413,
        /HOLDFAST_MAX_IMPORT_BYTES/,
      ],
    ])('with %s that %s are refused', async (coding, _what, body, status, detail) => {
      const answer = await send(coding, body);
      expect(answer.status).toBe(status);
      expect(((await answer.json()) as Json).detail).toMatch(detail);
    });
  });

  it('that could not be stored exactly are reported, and the others are imported', async () => {
    const wrong: [id: string, members: string, error: RegExp][] = [
      ['..', '', /^session_id: not '\.' or '\.\.'/],
      [
        'half',
        '"messages":[{"timestamp":"x","role":"user","content":"\\ud800"}],',
        /^messages\.0\.content: .*surrogate/,
      ],
      ['proto', '"metadata":{"__proto__":{}},', /^metadata\.__proto__: /],
      [
        'number.1',
        '"metadata":{"n":[9007199254740993]},',
        /^metadata\.n\.0: .*9007199254740993 would become 9007199254740992/,
      ],
    ];
    const plain = JSON.stringify(session({ messages: undefined, metadata: undefined })).slice(1);
    const file = wrong.map(([id, members]) => `"${id}":{${members}${plain}`).join(',');
    const { body } = await target.http.post(
      '/api/vps/sessions/import',
      `{"sessions":{${file},"whole":${JSON.stringify(session())}}}`,
    );
    expect(body.imported).toBe(1);
    const told = body.invalid as { session_id: string; error: string }[];
    expect(told.map((one) => one.session_id)).toEqual(wrong.map(([id]) => id));
    for (const [index, [, , error]] of wrong.entries()) expect(told[index]?.error).toMatch(error);
  });

  it('with hundreds of thousands of invalid members are reported briefly, and the others are imported', async () => {
    const wrong = {
      messages: `"messages":[${'0,'.repeat(300_000)}0]`,
      numbers: `"metadata":{"n":[${'1e999,'.repeat(100_000)}0]}`,
      halves: `"metadata":{"h":${'['.repeat(80)}${'"\\ud800",'.repeat(100_000)}0${']'.repeat(80)}}`,
      metadata: `"metadata":{"z":[${'0,'.repeat(300_000)}0]}`,
    };
    const plain = JSON.stringify(session({ metadata: undefined })).slice(1, -1);
    const file = Object.entries(wrong).map(([id, members]) => `"${id}":{${plain},${members}}`);
    const { status, body } = await source.http.post(
      '/api/vps/sessions/import',
      `{"sessions":{${file.join(',')},"beside the wrong":${JSON.stringify(session())}}}`,
    );
    expect(status).toBe(200);
    expect(body.imported).toBe(1);
    const told = body.invalid as { session_id: string; error: string }[];
    expect(told.map((one) => one.session_id)).toEqual(Object.keys(wrong));
    for (const { error } of told) expect(error.length).toBeLessThan(2_000);
  });

  it('in a file that nests too deeply are refused with the file', async () => {
    const deep = '['.repeat(1_000_000);
    const file = `{"sessions":{"before deep":${JSON.stringify(session())},"deep":{"metadata":{"a":${deep}`;
    const answer = await source.http.post('/api/vps/sessions/import', file);
    expectInvalid(answer, 'body');
    expect(answer.body.detail).toMatch(/levels/);
  });

  it.each(['not JSON', '{"sessions":{}} and more', '{"sessions": {"a": nonsense}}'])(
    'in a file that is no JSON (%s) are refused',
    async (text) => {
      expectProblem(await target.http.post('/api/vps/sessions/import', text), 400, 'invalid_json');
    },
  );

  it('in a file of another type are refused', async () => {
    const answer = await target.http.post('/api/vps/sessions/import', 'a,b', { 'Content-Type': 'text/csv' });
    expectProblem(answer, 415, 'unsupported_media_type');
  });
});
