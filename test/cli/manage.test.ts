/** The commands for agents, sessions and the list of calls, run as the real binary. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { echo, says } from '../api/scripts.ts';
import { useNode } from '../api/use-node.ts';
import { runCli, runCliInto, startOnTerminal } from './run-cli.ts';

const key = 'a-key-of-the-cli-tests';
const node = useNode({ HOLDFAST_API_KEYS: key });
const here = () => ({ HOLDFAST_URL: node.http.url, HOLDFAST_API_KEY: key });
const json = async (...args: string[]) =>
  JSON.parse((await runCli([...args, '--json'], here())).stdout) as Record<string, unknown>;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-cli-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('without an API key the node refuses the request, and the message names the setting', async () => {
  const { code, stderr } = await runCli(['agents', 'list'], { HOLDFAST_URL: node.http.url });
  expect(code).toBe(4);
  expect(stderr).toContain('HOLDFAST_API_KEY');
});

test('an id that ends with a space is refused by every command, with that reason', async () => {
  const places = [
    ['calls', 'show', 'x '],
    ['sessions', 'show', 'x '],
    ['health', 'x '],
    ['rerun', 'x '],
    ['calls', 'list', '--text', 'x '],
    ['agents', 'add', 'x ', 'http://127.0.0.1:9'],
    ['call', 'x', 'hello', '--session', 'x '],
  ];
  for (const args of places) {
    const { code, stderr } = await runCli(args, here());
    expect(code, args.join(' ')).toBe(4);
    expect(stderr, args.join(' ')).toMatch(/no spaces at the ends/);
    expect(stderr.match(/no spaces at the ends/g), args.join(' ')).toHaveLength(1);
  }
  const key = await runCli(['call', 'x', 'hello', '--idempotency-key', 'k '], here());
  expect(key).toMatchObject({ code: 2, stderr: expect.stringMatching(/no spaces at the ends/) as string });
});

test('an agent that was added is listed and answers, until it is removed', async () => {
  const agent = await node.agent('other', says('here'));
  const url = `http://127.0.0.1:${agent.port}/v1/messages?x=1`;
  const added = await runCli(
    ['agents', 'add', 'mine', url, '--fallback', 'other', '--timeout', '5', '--token-env', 'ITS_TOKEN'],
    { ...here(), ITS_TOKEN: 'hush-hush' },
  );
  expect(added).toMatchObject({ code: 0, stdout: `mine at http://127.0.0.1:${agent.port} is registered\n` });
  expect(await json('agents', 'list')).toMatchObject({
    agents: [
      {
        name: 'mine',
        path: '/v1/messages?x=1',
        timeout_seconds: 5,
        fallback_agents: ['other'],
        has_auth_token: true,
      },
      { name: 'other' },
    ],
  });
  const { stdout } = await runCli(['agents', 'list'], here());
  expect(stdout.split('\n')[0]).toBe('agent\turl\ttimeout\tretries\tfallbacks\thealth path\ttoken\tpaused');
  expect((await runCli(['call', 'mine', 'Hi'], here())).stdout).toBe('here\n');
  expect(agent.requests.at(-1)?.headers.authorization).toBe('Bearer hush-hush');

  const asked = await runCli(['agents', 'rm', 'mine'], here());
  expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('add --yes') as string });
  expect(await runCli(['agents', 'rm', 'mine', '--yes'], here())).toMatchObject({ code: 0 });
  expect(await runCli(['agents', 'rm', 'mine', '--yes'], here())).toMatchObject({ code: 4 });
});

test('JSON in an option reaches the node as it was written, so values that parsing would change are refused by name', async () => {
  const number = '9007199254740993';
  const url = 'http://127.0.0.1:9/';
  const add = (expected: string) => runCli(['agents', 'add', 'exact', url, '--expect', expected], here());
  for (const [given, field] of [
    [`{"json_schema": {"maximum": ${number}}}`, 'expect.json_schema.maximum'],
    ['{"json_schema": {"properties": {"__proto__": {}}}}', 'expect.json_schema.properties.__proto__'],
  ] as const) {
    const { code, stderr } = await add(given);
    expect(code).not.toBe(0);
    expect(stderr).toContain(field);
  }
  expect(await add('{"min_length": 3}')).toMatchObject({ code: 0 });
  const { agents } = (await json('agents', 'list')) as { agents: { name: string; expect: unknown }[] };
  expect(agents.find(({ name }) => name === 'exact')?.expect).toMatchObject({ min_length: 3 });
  expect((await add('{"min_length": 3')).stderr).toContain('Takes JSON');

  const call = await runCli(['call', 'exact', 'Hi', '--metadata', `{"n": ${number}}`], here());
  expect(call.code).not.toBe(0);
  expect(call.stderr).toContain('metadata.n');
  expect(await runCli(['agents', 'rm', 'exact', '--yes'], here())).toMatchObject({ code: 0 });
});

test('agents add of a registered name lists the changes, makes them only with --replace, and keeps the token', async () => {
  const agent = await node.agent('steady', says('here'), {
    auth_token: 'tk-steady',
    max_retries: 1,
    fallback_agents: ['steady-too'],
    expect: { min_length: 2 },
  });
  const config = async () =>
    ((await json('agents', 'list'))['agents'] as { name: string }[]).find(({ name }) => name === 'steady');
  const before = await config();
  const url = `http://127.0.0.1:${agent.port}`;
  const add = (...args: string[]) => runCli(['agents', 'add', 'steady', ...args], here());

  const refused = await add(url, '--retries', '1', '--timeout', '9');
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toMatch(/--replace would change:\n/);
  expect(refused.stderr.split('\n').filter((line) => line.startsWith('  - '))).toEqual([
    '  - timeout_seconds: 30 -> 9',
    '  - fallback_agents: steady-too -> none',
    '  - expect: {"min_length":2} -> none',
    '  - token: stays as it is',
  ]);
  expect(await config()).toEqual(before);

  const same = ['--retries', '1', '--fallback', 'steady-too', '--expect', '{"min_length":2}'];
  const unchanged = await add(url, ...same);
  expect(unchanged).toMatchObject({ code: 0 });
  expect(unchanged.stderr).toMatch(/^Warning: fallback_agents: 'steady-too' is not registered/);
  expect(await config()).toEqual(before);

  const replaced = await add(url, ...same, '--timeout', '9', '--replace');
  expect(replaced).toMatchObject({ code: 0, stderr: expect.stringMatching(/30 -> 9/) as string });
  expect(await config()).toEqual({ ...before, timeout_seconds: 9 });
  await runCli(['call', 'steady', 'Hi'], here());
  expect(agent.requests.at(-1)?.headers.authorization).toBe('Bearer tk-steady');

  const elsewhere = await add(`http://localhost:${agent.port}`, '--replace');
  expect(elsewhere).toMatchObject({ code: 2, stderr: expect.stringMatching(/--no-token/) as string });
  expect(await add(url, '--no-token', '--replace')).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/token: removed/) as string,
  });
  expect(await config()).toMatchObject({ has_auth_token: false, timeout_seconds: 30 });
});

test('an agent URL with a password or a fragment is refused before anything is sent', async () => {
  const anchored = await runCli(['agents', 'add', 'x', 'http://127.0.0.1:9/v1#part'], here());
  expect(anchored).toMatchObject({ code: 2, stderr: expect.stringContaining('#part') as string });
  const { code, stderr } = await runCli(['agents', 'add', 'x', 'http://me:secret@127.0.0.1:9'], here());
  expect(code).toBe(2);
  expect(stderr).not.toContain('secret');
});

test('an agent is paused with a reason and an end, which the list and health show, until it is resumed', async () => {
  await node.agent('rested', says('awake'));
  const pause = (...args: string[]) => runCli(['agents', 'pause', 'rested', ...args], here());
  expect(await pause('--reason', 'rollout', '--for', '2h', '--new-calls', 'refuse')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /^rested is paused until \S+Z: calls that name it are refused\n$/,
    ) as string,
  });
  const { agents } = (await json('agents', 'list')) as {
    agents: { name: string; paused: { until: string } }[];
  };
  const { paused } = agents.find(({ name }) => name === 'rested') ?? {};
  expect(paused).toMatchObject({ reason: 'rollout', new_calls: 'refuse' });
  expect(Math.abs(Date.parse(paused?.until ?? '') - Date.now() - 7_200_000)).toBeLessThan(60_000);
  for (const args of [
    ['agents', 'list'],
    ['health', 'rested'],
  ])
    expect((await runCli(args, here())).stdout).toMatch(/refuse until \S+Z: rollout/);
  const refused = await runCli(['call', 'rested', 'hello'], here());
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toMatch(/Agent 'rested' is paused until \S+Z: rollout/);

  expect(await pause('--until', '2126-01-01')).toMatchObject({ code: 0 });
  expect(await json('agents', 'pause', 'rested', '--new-calls', 'wait')).toMatchObject({
    paused: { new_calls: 'wait', until: null, reason: null },
  });
  const wrong = [
    ['--for', 'long'],
    ['--until', '2h'],
    ['--for', '1h', '--until', '2126-01-01'],
    ['--new-calls', 'drop'],
  ];
  for (const args of wrong) expect((await pause(...args)).code, args.join(' ')).toBe(2);
  expect((await pause('--until', '2020-01-01')).stderr).toMatch(/until.*future/);
  expect((await runCli(['agents', 'pause', '..'], here())).stderr).toMatch(/cannot be paused/);

  const resume = () => runCli(['agents', 'resume', 'rested'], here());
  expect(await resume()).toMatchObject({ code: 0, stdout: 'rested is in rotation\n' });
  expect(await resume()).toMatchObject({ code: 0 });
  expect((await runCli(['call', 'rested', 'hello'], here())).stdout).toMatch(/awake/);
  await runCli(['agents', 'rm', 'rested', '--yes'], here());
});

test('on a terminal agents rm asks, and any answer but yes changes nothing', async () => {
  await node.agent('kept', says('here'));
  const running = startOnTerminal(['agents', 'rm', 'kept'], here());
  await running.printed('[y/N]');
  running.child.stdin?.write('n\r');
  const { code, stdout } = await running.ended;
  expect(code).toBe(2);
  expect(stdout).toContain('Nothing was done');
  expect(JSON.stringify(await json('agents', 'list'))).toContain('"kept"');
});

test('on a terminal a table is in colour, unless NO_COLOR is set', async () => {
  await node.agent('shown', says('here'));
  const coloured = await startOnTerminal(['agents', 'list'], here()).ended;
  expect(coloured.stdout).toMatch(/│ .*shown/);
  expect(coloured.stdout).toContain('\u001b[1m');
  const plain = await startOnTerminal(['agents', 'list'], { ...here(), NO_COLOR: '1' }).ended;
  expect(plain.stdout).toMatch(/│ .*shown/);
  expect(plain.stdout).not.toContain('\u001b[');
});

test('a session can be shown, exported to a file, deleted, and imported again', async () => {
  await node.agent('talker', echo);
  await runCli(['call', 'talker', 'first words', '--session', 'talk'], here());
  const shown = await runCli(['sessions', 'show', 'talk'], here());
  expect(shown.stdout).toMatch(/user\nfirst words\n\n.*assistant \(talker\)\nre: first words\n$/);
  const last = await runCli(['sessions', 'show', 'talk', '--last', '1'], here());
  expect(last.stdout).toMatch(/messages +2\n[^]*assistant \(talker\)\nre: first words\n$/);
  expect(last.stdout).not.toMatch(/user\nfirst words/);
  expect(last.stderr).toContain('older messages: add --before 1');
  expect(await json('sessions', 'show', 'talk', '--last', '5', '--before', '1')).toMatchObject({
    messages: [{ content: 'first words' }],
    next_before: null,
  });
  expect(await runCli(['sessions', 'show', 'talk', '--before', '1'], here())).toMatchObject({ code: 2 });

  const file = join(folder, 'sessions.json');
  expect(await json('sessions', 'export', '-o', file)).toMatchObject({ file });
  const nowhere = await runCli(['sessions', 'export', '-o', join(folder, 'not', 'there.json')], here());
  expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringMatching(/cannot be written/) as string });
  expect(await runCli(['calls', 'export', '-o', folder], here())).toMatchObject({ code: 2 });
  expect(await readdir(folder)).toEqual(['sessions.json']);

  // A link is followed, and an existing pipe is written directly; no other file is touched.
  const [kept, link, pipe] = ['kept.json.part', 'kept.json', 'pipe'].map((name) => join(folder, name));
  await writeFile(String(kept), 'precious');
  await symlink('sessions.json', String(link));
  await writeFile(file, '');
  execFileSync('mkfifo', [String(pipe)]);
  const read = promisify(execFile)('cat', [String(pipe)]);
  for (const output of [String(link), String(pipe)])
    expect(await runCli(['sessions', 'export', '-o', output], here())).toMatchObject({ code: 0 });
  for (const text of [(await read).stdout, await readFile(file, 'utf8')])
    expect(JSON.parse(text)).toMatchObject({ sessions: { talk: { session_id: 'talk' } } });
  expect(await readFile(String(kept), 'utf8')).toBe('precious');
  expect((await lstat(String(pipe))).isFIFO()).toBe(true);
  expect((await lstat(String(link))).isSymbolicLink()).toBe(true);
  for (const made of [kept, link, pipe]) await rm(String(made));

  const piped = await runCli(['sessions', 'export'], here());
  expect(JSON.parse(piped.stdout)).toMatchObject({ sessions: { talk: { session_id: 'talk' } } });
  expect(await readdir(folder)).toEqual(['sessions.json']);

  expect(await runCli(['sessions', 'rm', 'talk', '--yes'], here())).toMatchObject({ code: 0 });
  expect(await runCli(['sessions', 'show', 'talk'], here())).toMatchObject({ code: 4 });
  expect(await json('sessions', 'import', file)).toEqual({ imported: 1, skipped: [], invalid: [] });
  expect(await json('sessions', 'show', 'talk')).toMatchObject({
    messages: [{ content: 'first words' }, {}],
  });
  const again = await runCli(['sessions', 'import', '-', '--json'], here(), await readFile(file, 'utf8'));
  expect(JSON.parse(again.stdout)).toEqual({ imported: 0, skipped: ['talk'], invalid: [] });
});

test('a session can be forked from one of its messages, and changed without a call', async () => {
  await node.agent('talker too', echo);
  for (const words of ['one', 'two'])
    await runCli(['call', 'talker too', words, '--session', 'trunk'], here());
  const shown = await runCli(['sessions', 'show', 'trunk', '--last', '2'], here());
  expect(shown.stdout).toMatch(/#2 .*user\ntwo\n\n#3 .*\(talker too\)\nre: two\n$/);
  const forked = await runCli(['sessions', 'fork', 'trunk', '--before', '2', '--to', 'branch'], here());
  expect(forked).toMatchObject({ code: 0, stdout: 'session   branch\nmessages  2\n' });
  expect(await json('sessions', 'fork', 'trunk')).toMatchObject({ total_messages: 4 });
  expect(await runCli(['sessions', 'fork', 'trunk', '--to', 'branch'], here())).toMatchObject({ code: 4 });
  const between = await runCli(['sessions', 'fork', 'trunk', '--before', '3'], here());
  expect(between).toMatchObject({ code: 4, stderr: expect.stringContaining('divides a turn') as string });

  const by = ['--role', 'assistant', '--agent', 'a person', '--idempotency-key', 'note'];
  const note = ['sessions', 'append', 'branch', ...by];
  expect(await runCli([...note, '-'], here(), 'By the way')).toMatchObject({ code: 0 });
  expect(await runCli([...note, 'Another body'], here())).toMatchObject({ code: 4 });
  expect((await runCli([...note, 'By the way'], here())).stdout).toContain('nothing was appended');
  const metadata = ['--metadata', '{"a": 1}'];
  expect(await json('sessions', 'append', 'branch', 'Thanks', ...metadata)).toEqual({
    session_id: 'branch',
    total_messages: 4,
    repeated: false,
  });

  const set = await runCli(['sessions', 'set', 'branch', '--system', 'Be brief.', '--turns', '3'], here());
  expect(set).toMatchObject({ code: 0, stdout: 'session  branch\nsystem   Be brief.\nturns    3\n' });
  expect(await json('sessions', 'show', 'branch')).toMatchObject({
    system: 'Be brief.',
    window: { turns: 3 },
    metadata: { a: 1 },
    messages: [{}, {}, { content: 'By the way', agent: 'a person' }, { content: 'Thanks' }],
  });
  expect(await json('sessions', 'set', 'branch', '--no-system', '--characters', '9')).toMatchObject({
    system: null,
    window: { characters: 9 },
  });
  expect(await json('sessions', 'set', 'branch', '--no-window')).toMatchObject({
    system: null,
    window: null,
  });
  for (const wrong of [[], ['--turns', '2', '--no-window'], ['--turns', 'x'], ['--system', '']])
    expect((await runCli(['sessions', 'set', 'branch', ...wrong], here())).code, wrong.join(' ')).toBe(
      wrong.includes('') ? 4 : 2,
    );
});

test.skipIf(!existsSync('/dev/full'))(
  'a command whose standard output cannot be written exits with 1 and a message',
  async () => {
    await node.agent('listed', says('here'));
    for (const args of [
      ['agents', 'list'],
      ['agents', 'list', '--json'],
      ['health'],
      ['sessions', 'export'],
    ]) {
      const { code, stderr } = await runCliInto('/dev/full', args, here());
      expect(stderr, args.join(' ')).toMatch(/The output cannot be written: .*ENOSPC/);
      expect(stderr, args.join(' ')).not.toMatch(/^ +at /m);
      expect(code, args.join(' ')).toBe(1);
    }
  },
);

test('an import with invalid sessions exits with 1 and names them', async () => {
  const file = join(folder, 'bad.json');
  await writeFile(file, JSON.stringify({ sessions: { odd: { messages: 'none' } } }));
  const { code, stdout } = await runCli(['sessions', 'import', file], here());
  expect(code).toBe(1);
  expect(stdout).toMatch(/^odd\t/m);
});

test('calls list --all reads all pages, and calls cancel says that the call has already ended', async () => {
  await node.agent('counted', says('x'));
  for (const prompt of ['1', '2', '3']) await runCli(['call', 'counted', prompt], here());
  const page = async (...args: string[]) =>
    (await json('calls', 'list', '--agent', 'counted', '--limit', '2', ...args)) as {
      calls: { call_id: string; agent_name: string }[];
      next_cursor: string | null;
    };
  await expect.poll(async () => (await page('--all')).calls.length).toBe(3);
  const first = await page();
  expect(first.calls).toHaveLength(2);
  const second = await page('--cursor', first.next_cursor ?? '');
  expect(second).toMatchObject({ calls: [{ agent_name: 'counted' }], next_cursor: null });
  const plain = await runCli(['calls', 'list', '--agent', 'counted', '--limit', '2'], here());
  expect(plain.stdout).toMatch(/^call\tstatus\tasked/);
  expect(plain.stderr).toContain('There are more calls: add --cursor ');

  const cancelled = await runCli(['calls', 'cancel', first.calls[0]?.call_id ?? ''], here());
  expect(cancelled).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('has already ended: completed') as string,
  });
});

test('calls list finds and sorts by what only the index knows, and writes CSV', async () => {
  await node.agent('stands in', says('x'));
  await node.agent('is ill', () => ({ status: 401 }), { fallback_agents: ['stands in'] });
  const { body } = await node.http.call({
    agent_name: 'is ill',
    prompt: 'Where are the ships?',
    metadata: { customer: 'acme', number: 7 },
  });
  const list = async (...args: string[]) =>
    (await json('calls', 'list', ...args)) as { calls: { call_id: string }[]; covers: object | null };
  const found = async (...args: string[]) => (await list(...args)).calls.map(({ call_id }) => call_id);
  await expect
    .poll(() => found('--asked', 'stands in', '--failed-over', 'true'), { timeout: 20_000 })
    .toEqual([body.call_id]);
  const members = ['--metadata', 'customer=acme', '--metadata', 'number=7'];
  expect(await found(...members, '--prompt-contains', 'SHIPS')).toEqual([body.call_id]);
  expect(await found(...members, '--resolved', 'false')).toEqual([]);
  expect((await list('--sort', 'duration', '--order', 'asc')).covers).toMatchObject({ running: 'none' });
  expect(await json('calls', 'list', '--counts', '--asked', 'stands in')).toMatchObject({ total: 1 });
  const table = await runCli(['calls', 'list', '--asked', 'stands in', '--prompts'], here());
  expect(table.stdout).toContain('Where are the ships?');
  const csv = await runCli(['calls', 'list', '--asked', 'stands in', '--csv'], here());
  expect(csv.stdout.split('\r\n')).toEqual([
    expect.stringMatching(/^call_id,status,/),
    expect.stringContaining(`${String(body.call_id)},completed,is ill,stands in,`),
    '',
  ]);
  expect(await runCli(['calls', 'list', '--metadata', 'customer'], here())).toMatchObject({ code: 2 });
  const removal = await runCli(['agents', 'rm', 'stands in'], here());
  expect(removal.stderr).toContain('stands in is a fallback of is ill');
});

test('a session named export can be shown and deleted; an empty name and a file that is not an export are refused', async () => {
  await node.agent('echo', echo);
  await node.http.call({ agent_name: 'echo', prompt: 'x', session_id: 'export' });
  expect(await json('sessions', 'show', 'export')).toMatchObject({
    session_id: 'export',
    messages: [{}, {}],
  });
  expect(await runCli(['sessions', 'rm', 'export', '--yes'], here())).toMatchObject({ code: 0 });
  expect(await runCli(['sessions', 'show', 'export'], here())).toMatchObject({ code: 4 });
  for (const empty of [
    ['sessions', 'show', ''],
    ['sessions', 'rm', '', '--yes'],
    ['agents', 'rm', '', '--yes'],
  ])
    expect(await runCli(empty, here())).toMatchObject({ code: 2 });

  for (const text of ['[]', '{}']) {
    const imported = await runCli(['sessions', 'import', '-'], here(), text);
    expect(imported).toMatchObject({ code: 4, stdout: '' });
    expect(imported.stderr).toContain('not an export of sessions');
  }
});
