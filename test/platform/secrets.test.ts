import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSecrets } from '../../src/platform/secrets.ts';

let root: string;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'holdfast-secrets-'));
  folder = join(root, 'secrets');
  await mkdir(join(folder, '..data'), { recursive: true });
  await writeFile(join(folder, 'plain'), 'of-a-file\n');
  await writeFile(join(folder, '..data', 'renewed'), 'of-a-link');
  await symlink(join('..data', 'renewed'), join(folder, 'renewed'));
  await writeFile(join(folder, 'empty'), '\n');
  await writeFile(join(folder, 'two-lines'), 'a\nb');
  await writeFile(join(folder, 'with-bom'), '\ufefftoken');
  await writeFile(join(folder, 'spaces'), '  ');
  await mkdir(join(folder, 'folder'));
  await promisify(execFile)('mkfifo', [join(folder, 'fifo')]);
  await writeFile(join(folder, 'large'), 'x'.repeat(65 * 1024));
  await writeFile(join(root, 'outside'), 'never');
  await symlink(join(root, 'outside'), join(folder, 'out'));
  await mkdir(join(root, 'secrets-beside'));
  await writeFile(join(root, 'secrets-beside', 'x'), 'never');
  await symlink(join(root, 'secrets-beside', 'x'), join(folder, 'beside'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

it('reads variables, and files each time anew, without the line break at the end', async () => {
  const read = createSecrets({ variables: { HOLDFAST_SECRET_A: 'one' }, folder });
  expect(await read('env:HOLDFAST_SECRET_A')).toBe('one');
  expect(await read('file:plain')).toBe('of-a-file');
  expect(await read('file:renewed')).toBe('of-a-link');
  await writeFile(join(folder, 'plain'), 'changed');
  expect(await read('file:plain')).toBe('changed');
});

it.each([
  ['env:HOLDFAST_SECRET_NONE', 'no such environment variable'],
  ['file:none', 'no such file in HOLDFAST_SECRETS_DIR'],
  ['file:empty', 'or an empty one'],
  ['file:large', 'of more than 4096 bytes'],
  ['file:out', 'a link out of HOLDFAST_SECRETS_DIR'],
  ['file:beside', 'a link out of HOLDFAST_SECRETS_DIR'],
  ['file:fifo', 'no regular file'],
  ['file:folder', 'no regular file'],
  ['file:two-lines', 'is no token'],
  ['file:with-bom', 'is no token'],
  ['file:spaces', 'is no token'],
  ['file:..data', 'is not valid'],
  ['env:PATH', 'is not valid'],
])('refuses %s and names it', async (reference, why) => {
  const read = createSecrets({ variables: { PATH: 'never' }, folder });
  await expect(read(reference)).rejects.toThrow(`'${reference}'`);
  await expect(read(reference)).rejects.toThrow(why);
});

it('says that a folder is missing', async () => {
  const within = (path: string | undefined) => createSecrets({ variables: {}, folder: path })('file:plain');
  await expect(within(undefined)).rejects.toThrow('no HOLDFAST_SECRETS_DIR: set it');
  await expect(within(join(root, 'gone'))).rejects.toThrow('no such file');
});
