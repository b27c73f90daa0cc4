/** What the fields of a call and of a registration may hold. Each wrong one is named. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { ScriptedAgent } from '../agents/scripted-agent.ts';
import type { Json } from '../rig/http-client.ts';
import { expectInvalid, expectProblem } from './problem.ts';
import { says } from './scripts.ts';
import { useNode } from './use-node.ts';

type WrongField = readonly [field: string, what: string, value: unknown];

/** Strings that no name or id may be. */
const wrongIds = (field: string): WrongField[] => [
  [field, 'a number', 7],
  [field, 'empty', ''],
  [field, '129 characters', 'x'.repeat(129)],
  [field, 'a control character', 'a\nb'],
  [field, 'a NUL', 'a\0b'],
  [field, 'half a surrogate pair', 'a\ud800'],
  [field, 'a space at the end', 'name '],
];
const nested = (levels: number): unknown => (levels === 0 ? 'bottom' : { level: nested(levels - 1) });

const prompt = { limit: 2_000, over: 'x'.repeat(1_999) };

describe('the fields of a call', () => {
  const node = useNode({
    HOLDFAST_MAX_PROMPT_BYTES: String(prompt.limit),
    HOLDFAST_INLINE_BYTES: '1024', // Longer ones go to the payload store.
    HOLDFAST_MAX_METADATA_BYTES: '1000',
    HOLDFAST_MAX_DEADLINE_SECONDS: '1000',
  });
  let agent: ScriptedAgent;
  const call = (fields: Json) => node.http.call({ agent_name: 'agent', prompt: 'hello', ...fields });

  beforeAll(async () => {
    agent = await node.agent('agent', says('hello'));
  });

  it.each([
    ...wrongIds('agent_name'),
    ...wrongIds('session_id'),
    ...wrongIds('user_id'),
    ['agent_name', 'null', null],
    ['prompt', 'null', null],
    ['prompt', 'a list', ['hello']],
    ['prompt', 'empty', ''],
    ['prompt', 'a byte over the limit', prompt.over],
    ['prompt', 'over the limit as JSON', '"'.repeat(1_000)],
    ['prompt', 'over the limit in UTF-8', '€'.repeat(667)],
    ['metadata', 'a text', 'a=b'],
    ['metadata', 'a list', []],
    ['metadata', '33 levels deep', nested(33)],
    ['metadata', 'over the limit', { a: 'x'.repeat(1_000) }],
    ['on_disconnect', 'another word', 'stop'],
    ['deadline_seconds', 'a text', '60'],
    ['deadline_seconds', 'zero', 0],
    ['deadline_seconds', 'negative', -1],
    ['deadline_seconds', 'too short to ask anybody', 0.249],
    ['deadline_seconds', 'over the limit', 1_001],
    ['sesion_id', 'a field that does not exist', 'x'],
    ['__proto__x', 'a field that does not exist', {}],
  ] satisfies WrongField[])('%s is refused when it is %s', async (field, _what, value) => {
    expectInvalid(await call({ [field]: value }), field);
    expect(agent.requests).toHaveLength(0);
  });

  it.each([
    ['prompt', '"prompt":"a\\ud800b"'],
    ['prompt', '"prompt":"\\udc00\\ud800"'],
    ['prompt', `"prompt":"${'x'.repeat(1_500)}\\ud83d"`],
    ['metadata.a.1', '"metadata":{"a":["fine","\\ude00"]}'],
    ['metadata.\ud800', '"metadata":{"\\ud800":1}'],
    ['__proto__', '"__proto__":{"agent_name":"agent"}'],
    ['metadata.__proto__', '"metadata":{"__proto__":{"a":1}}'],
    ['metadata.a.0.__proto__', '"metadata":{"a":[{"\\u005f_proto__":1}]}'],
    ['metadata.n', '"metadata":{"n":9007199254740993}'],
    ['metadata.a.1.n', '"metadata":{"a":[1,{"m":"x","n": -12345678901234567890}]}'],
    ['metadata.n', '"metadata":{"n":9007199254740993.0}'],
    ['metadata.n', '"metadata":{"n":1e400}'],
    ['metadata.n', '"metadata":{"n":-1.5E+400}'],
    ['metadata.n', '"metadata":{"n":1e-400}'],
    ['deadline_seconds', '"deadline_seconds":10000000000000000000001'],
  ])('%s is refused where it could not be kept as it is (%#)', async (field, member) => {
    const body = `{"agent_name":"agent",${member.startsWith('"prompt"') ? '' : '"prompt":"x",'}${member}}`;
    expectInvalid(await node.http.post('/api/vps/call', body), field);
    expect(agent.requests).toHaveLength(0);
  });

  it('are stored exactly, including surrogate pairs and every number that JavaScript can represent', async () => {
    const metadata =
      '{"a":9007199254740992,"b":-9007199254740991,"c":0.30000000000000004,"d":1.7976931348623157e+308,"e":5e-324,"f":0e-400,"g":"12345678901234567890 1e400"}';
    const body = `{"agent_name":"agent","prompt":"\\ud83d\\ude00 [12345678901234567890","session_id":"numbers","metadata":${metadata}}`;
    expect((await node.http.post('/api/vps/call', body)).body).toMatchObject({ success: true });
    const session = (await node.http.get('/api/vps/sessions/numbers')).body;
    expect(session.metadata).toEqual(JSON.parse(metadata));
    expect(session.messages).toMatchObject([{ content: '😀 [12345678901234567890' }, {}]);
    expect(agent.requests).toHaveLength(1);
    agent.requests.length = 0;
  });

  it('are all named if several are invalid', async () => {
    expectInvalid(
      await node.http.call({ prompt: 7, nonsense: 1, more: 2 }),
      'agent_name',
      'prompt',
      'nonsense',
      'more',
    );
  });

  it('are accepted up to their limits', async () => {
    for (const fields of [
      { prompt: 'x'.repeat(1_998) },
      { prompt: '€'.repeat(666) },
      { session_id: 's'.repeat(128), user_id: 'ü€😀'.repeat(32) },
      { metadata: nested(32) },
      { metadata: { a: 'x'.repeat(992) } },
      { deadline_seconds: 1_000 },
      { session_id: null, user_id: null, metadata: null, deadline_seconds: null },
    ] satisfies Json[])
      expect(await call(fields)).toMatchObject({ status: 200, body: { success: true } });
  });

  it('are not read from a body that nests too deeply: it is refused as a whole', async () => {
    const body = (member: string) => `{"agent_name":"agent","prompt":"x",${member}}`;
    const post = (text: string) => node.http.post('/api/vps/call', text);
    for (const levels of [100, 2_000_000])
      expectInvalid(await post(body(`"user_id":${'['.repeat(levels)}${']'.repeat(levels)}`)), 'body');
    expectInvalid(await post(body(`"user_id":${'['.repeat(99)}${']'.repeat(99)}`)), 'user_id');
    const deep = '['.repeat(70) + ']'.repeat(70);
    expectInvalid(await post(body(`"metadata":{"a":${deep}}`)), 'metadata');
    const registration = `{"name":"a","host":"127.0.0.1","port":1,"expect":{"json_schema":{"a":${deep}}}}`;
    expectInvalid(await node.http.post('/api/vps/register', registration), 'expect');
  });

  const repeated = (text: string) => text.repeat(Math.floor(2_000_000 / text.length));
  const inLevels = (text: string) => '['.repeat(80) + text + ']'.repeat(80);
  it.each([
    ['zeros', `[${repeated('0,')}0]`],
    ['zeros beside an exponent', `["e-",${repeated('0,')}0]`],
    ['numbers that no double can be', `[${repeated('1e999,')}0]`],
    ['as many, deep', inLevels(`${repeated('1e999,')}0`)],
    ['halves of characters', `[${repeated('"\\ud800",')}0]`],
    ['as many, deep', inLevels(`${repeated('"\\ud800",')}0`)],
    ['names of no member', `[${repeated('{"__proto__":1},')}0]`],
    [
      'a long name over numbers that no double can be',
      `{"${'x'.repeat(1_900_000)}":[${'1e999,'.repeat(999)}0]}`,
    ],
    ['empty lists', `[${repeated('[],')}0]`],
    ['quotes', `"${repeated('\\"')}"`],
    ['members', `{${Array.from({ length: 150_000 }, (_, i) => `"k${i}":1`).join(',')}}`],
  ])('a body full of %s is refused at once and in few words (%#)', async (_what, value) => {
    const body = `{"agent_name":"agent","prompt":"x","metadata":{"a":${value}}}`;
    const answer = await node.http.post('/api/vps/call', body);
    expectProblem(answer, 422, 'validation_failed');
    expect((answer.body.errors as Json[]).length).toBeLessThanOrEqual(20);
    expect(JSON.stringify(answer.body).length).toBeLessThan(20_000);
  });

  it('are named in the refusal only up to a limit if a hundred thousand unknown ones are sent', async () => {
    const fields = Array.from({ length: 100_000 }, (_, i) => [`field ${i}`, 1]);
    expectInvalid(
      await call(Object.fromEntries(fields) as Json),
      ...fields.slice(0, 20).map(([name]) => String(name)),
    );
  });

  it.each([
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"hello"'],
    ['a number', '7'],
  ])('a body that is %s is refused as a whole', async (_what, text) => {
    expectInvalid(await node.http.post('/api/vps/call', text), 'body');
  });

  it.each([
    ...wrongIds('name'),
    ['host', 'a number', 127],
    ['host', 'empty', ''],
    ['host', '256 characters', 'h'.repeat(256)],
    ['port', 'a text', '8080'],
    ['port', 'zero', 0],
    ['port', 'over 65535', 65_536],
    ['port', 'a fraction', 80.5],
    ['protocol', 'another', 'ftp'],
    ['protocol', 'null', null],
    ['auth_token', 'empty', ''],
    ['auth_token', 'with a space', 'to ken'],
    ['auth_token', 'with a line end', 'token\r\nX-Injected: 1'],
    ['auth_token', 'over the limit', 't'.repeat(4_097)],
    ['timeout_seconds', 'zero', 0],
    ['timeout_seconds', 'over an hour', 3_601],
    ['max_retries', 'negative', -1],
    ['max_retries', 'over ten', 11],
    ['max_retries', 'a fraction', 1.5],
    ['max_concurrency', 'zero', 0],
    ['max_concurrency', 'over the limit', 100_001],
    ['fallback_agents', 'a text', 'other'],
    ['fallback_agents', '21 names', Array.from({ length: 21 }, (_, i) => `agent ${i}`)],
    ['path', 'relative', 'v1/messages'],
    ['path', 'with a space', '/v1/mess ages'],
    ['path', 'over the limit', `/${'p'.repeat(1_024)}`],
    ['history', 'another word', 'all'],
    ['health_path', 'relative', 'health'],
    ['expect', 'over the limit', { json_schema: { const: 'x'.repeat(16_384) } }],
    ['adress', 'a field that does not exist', 'x'],
  ] satisfies WrongField[])('of a registration: %s is refused when it is %s', async (field, _what, value) => {
    const body = { name: 'refused', host: '127.0.0.1', port: 80, [field]: value };
    expectInvalid(await node.http.post('/api/vps/register', body), field);
    expect((await node.http.get('/api/vps/agents')).body.total).toBe(1);
  });

  it.each([
    ['fallback_agents.1', { fallback_agents: ['fine', ''] }],
    ['expect.min_length', { expect: { min_length: 0 } }],
    ['expect.deny_regex', { expect: { deny_regex: 7 } }],
    ['expect.json_schema', { expect: { json_schema: true } }],
    ['expect.maximum', { expect: { maximum: 3 } }],
  ])('of a registration: the inner field %s is named by its path', async (field, fields) => {
    const body = { name: 'refused', host: '127.0.0.1', port: 80, ...fields };
    expectInvalid(await node.http.post('/api/vps/register', body), field);
  });

  it('are named if they are required for a registration and missing', async () => {
    expectInvalid(await node.http.post('/api/vps/register', {}), 'name', 'host', 'port');
  });

  it.each(['/api/vps/calls/{}', '/api/vps/calls/{}/history', '/api/vps/sessions/{}'])(
    'in the path %s an id of 129 characters or with a control character is refused',
    async (path) => {
      for (const id of ['x'.repeat(129), '%00', 'a%0Ab'])
        expectInvalid(await node.http.get(path.replace('{}', id)), 'id');
    },
  );
});
