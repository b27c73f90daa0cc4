/** The commands for projects and API keys, run as the real binary: a customer gets a key of its own, and uses it. */
import { expect, test, vi } from 'vitest';
import { keyIdOf } from '../../src/domain/key-text.ts';
import { echo } from '../api/scripts.ts';
import { useNode } from '../api/use-node.ts';
import { runCli } from './run-cli.ts';

const bootstrap = 'a-key-of-the-cli-tests-0123456789';
const node = useNode({ HOLDFAST_API_KEYS: bootstrap });
const run = (args: readonly string[], key = bootstrap, more = {}) =>
  runCli(args, { HOLDFAST_URL: node.http.url, HOLDFAST_API_KEY: key, ...more });
const json = async (args: readonly string[], key = bootstrap) =>
  JSON.parse((await run([...args, '--json'], key)).stdout) as Record<string, unknown>;

test('a customer gets a project and a key, calls with it, and sees nothing else', async () => {
  await node.agent('helper', echo);
  expect(await run(['projects', 'create', 'crm'])).toMatchObject({
    code: 0,
    stdout: 'Created the project crm\n',
  });
  const made = await run(['keys', 'create', '--name', 'crm app', '--project', 'crm', '--scope', 'call,read']);
  expect(made.stderr).toMatch(/^Created \w{12} \(crm app\)\. This is the only time that it is shown:\n$/);
  const key = made.stdout.trim();
  expect(key).toMatch(/^hf_\w{12}_\w{38}$/);

  expect((await run(['call', 'helper', 'Hi', '--session', 's'], key)).stdout).toBe('re: Hi\n');
  expect((await run(['call', 'helper', 'Mine', '--session', 's'])).stdout).toBe('re: Mine\n');
  expect(await json(['sessions', 'list'], key)).toMatchObject({
    sessions: [{ session_id: 's', project: 'crm' }],
  });
  expect((await run(['sessions', 'show', 's'], key)).stdout).not.toContain('Mine');
  expect((await run(['sessions', 'show', 's', '--project', 'crm'])).stdout).toContain('Hi');
  expect((await run(['sessions', 'show', 's'], bootstrap, { HOLDFAST_PROJECT: 'crm' })).stdout).toContain(
    'Hi',
  );
  expect((await run(['sessions', 'show', 's'])).stdout).not.toContain('Hi');
  const all = await run(['sessions', 'list', '--project', '*']);
  expect(all.stdout).toMatch(/^s\tcrm$/m);
  expect(all.stdout).toMatch(/^s\tdefault$/m);
  const foreign = await run(['sessions', 'show', 's', '--project', 'default'], key);
  expect(foreign).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("'default' does not exist") as string,
  });
  const wrong = await run(['sessions', 'list', '--project', 'No Name']);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('(or --project)') as string });
});

test('a key is listed, rotated and revoked, and never shown again', async () => {
  const created = await run(['keys', 'create', '--name', 'app', '--scope', 'read', '--expires', '90d']);
  const key = created.stdout.trim();
  const [, id = ''] = key.split('_');
  const list = (await run(['keys', 'list'])).stdout;
  expect(list).toContain(id);
  expect(list).not.toContain(key);
  const rotated = (await run(['keys', 'rotate', key, '--overlap', '0s'])).stdout.trim();
  expect(rotated.split('_')[1]).toBe(id);
  expect((await run(['agents', 'list'], key)).code).toBe(4);
  expect((await run(['agents', 'list'], rotated)).code).toBe(0);
  expect((await run(['keys', 'revoke', id])).stderr).toContain('add --yes');
  expect(await run(['keys', 'revoke', id, '--yes'])).toMatchObject({
    code: 0,
    stdout: `Revoked ${id} (app)\n`,
  });
  expect((await run(['agents', 'list'], rotated)).stderr).toContain('was revoked');
});

test('a project is listed and closed', async () => {
  await run(['projects', 'create', 'short-lived']);
  expect((await run(['projects', 'list'])).stdout).toMatch(/^short-lived\topen\t/m);
  expect((await run(['projects', 'close', 'short-lived'])).stderr).toContain('add --yes');
  expect((await run(['projects', 'close', 'short-lived', '--yes'])).stdout).toBe(
    'Closed the project short-lived\n',
  );
  expect((await run(['projects', 'list'])).stdout).toMatch(/^short-lived\tclosed\t/m);
  expect((await run(['projects', 'close', 'default', '--yes'])).code).toBe(4);
  expect((await run(['projects', 'create', 'Not A Name'])).code).toBe(4);
});

test('keys and projects get limits, and lose them', async () => {
  const created = await run([
    'keys',
    'create',
    '--name',
    'few',
    '--scope',
    'call,read',
    '--calls-per-day',
    '1',
  ]);
  const id = keyIdOf(created.stdout.trim()) ?? '';
  await node.agent('limited', echo);
  const call = () => run(['call', 'limited', 'Hi'], created.stdout.trim());
  expect(await call()).toMatchObject({ code: 0, stderr: '' });
  expect((await call()).stderr).toContain(`API key '${id}' may have 1 calls a day`);
  expect((await run(['keys', 'list'])).stdout).toMatch(/few.*1 calls\/day/);
  expect(
    await run(['keys', 'limit', id, '--calls-in-flight', '5', '--max-prompt-bytes', '100']),
  ).toMatchObject({
    code: 0,
    stdout: `${id} (few): 5 calls at a time, 100 bytes of prompt\n`,
  });
  expect((await call()).code).toBe(0);
  expect((await run(['keys', 'limit', id, '--none'])).stdout).toBe(`${id} (few): no limits\n`);
  await run(['projects', 'create', 'limited']);
  const limit = ['projects', 'limit', 'limited'];
  expect((await run([...limit, '--requests-per-minute', '60'])).stdout).toBe('limited: 60 requests/min\n');
  expect((await run(['projects', 'list'])).stdout).toMatch(/limited.*60 requests\/min/);
  expect((await run([...limit, '--agents', 'pm-*,helper'])).stdout).toBe('limited: agents pm-* helper\n');
  for (const wrong of [limit, [...limit, '--none', '--calls-per-day', '1']])
    expect(await run(wrong)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('or --none') as string,
    });
});

test('a call of a project is found by the beginning of its id, by its keys and by an admin', async () => {
  await node.agent('found', echo);
  await run(['projects', 'create', 'found']);
  const key = (await run(['keys', 'create', '--name', 'x', '--project', 'found', '--scope', 'call,read']))
    .stdout;
  const called = await json(['call', 'found', 'Find me'], key.trim());
  const id = String(called['call_id']);
  expect(id).toMatch(/^found\.[\w-]{22,}$/);
  for (const by of [key.trim(), bootstrap])
    await vi.waitFor(
      async () =>
        expect(await run(['calls', 'show', id.slice(0, 16)], by)).toMatchObject({
          code: 0,
          stdout: expect.stringContaining('Find me') as string,
        }),
      { timeout: 20_000 },
    );
  expect((await run(['sessions', 'list', '--project', '*'])).stdout).toBeDefined();
});

test('a key with a mistake in it is not sent', async () => {
  const { stdout } = await run(['keys', 'create', '--name', 'pasted', '--scope', 'read']);
  const text = stdout.trim();
  expect((await run(['keys', 'limit', ` ${text} `, '--none'])).stdout).toContain('(pasted): no limits');
  expect(await run(['keys', 'limit', text.slice(0, -1), '--none'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('a mistake in it') as string,
  });
});

test('wrong options are named', async () => {
  for (const [args, what] of [
    [['keys', 'create', '--name', 'x', '--scope', 'root'], "'root' is no scope"],
    [['keys', 'create', '--name', 'x', '--scope', 'read', '--expires', '90'], 'Takes a duration'],
    [['keys', 'create', '--scope', 'read'], '--name'],
    [['keys', 'rotate', 'x', '--overlap', '0'], '0s'],
  ] as const)
    expect(await run(args)).toMatchObject({ code: 2, stderr: expect.stringContaining(what) as string });
});
