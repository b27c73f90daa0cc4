/** The commands for API keys, run as the real binary. */
import { expect, test } from 'vitest';
import { useNode } from '../api/use-node.ts';
import { runCli } from './run-cli.ts';

const bootstrap = 'a-key-of-the-cli-tests-0123456789';
const node = useNode({ HOLDFAST_API_KEYS: bootstrap });
const run = (args: readonly string[], key = bootstrap) =>
  runCli(args, { HOLDFAST_URL: node.http.url, HOLDFAST_API_KEY: key });

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

test('wrong options are named', async () => {
  for (const [args, what] of [
    [['keys', 'create', '--name', 'x', '--scope', 'root'], "'root' is no scope"],
    [['keys', 'create', '--name', 'x', '--scope', 'read', '--expires', '90'], 'Takes a duration'],
    [['keys', 'create', '--scope', 'read'], '--name'],
    [['keys', 'rotate', 'x', '--overlap', '0'], '0s'],
  ] as const)
    expect(await run(args)).toMatchObject({ code: 2, stderr: expect.stringContaining(what) as string });
});
