/** The commands for projects and API keys, run as the real binary: a customer gets a key of its own, and uses it. */
import { expect, test } from 'vitest';
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

test('wrong options are named', async () => {
  for (const [args, what] of [
    [['keys', 'create', '--name', 'x', '--scope', 'root'], "'root' is no scope"],
    [['keys', 'create', '--name', 'x', '--scope', 'read', '--expires', '90'], 'Takes a duration'],
    [['keys', 'create', '--scope', 'read'], '--name'],
    [['keys', 'rotate', 'x', '--overlap', '0'], '0s'],
  ] as const)
    expect(await run(args)).toMatchObject({ code: 2, stderr: expect.stringContaining(what) as string });
});
