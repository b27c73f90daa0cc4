import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadEncryptionKey } from '../../src/platform/sealing.ts';
import { StartupError } from '../../src/platform/startup-error.ts';
import { tempDir } from './embedded/support.ts';

const newDataDir = async (): Promise<string> => join(await tempDir(), 'data');
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

async function refusalOf(configured: string | undefined, dataDir: string): Promise<string> {
  const error: unknown = await loadEncryptionKey(configured, dataDir).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StartupError);
  return (error as StartupError).message;
}

test('without a configured key one is generated, readable by this user only, and used from then on', async () => {
  const dataDir = await newDataDir();
  const key = await loadEncryptionKey(undefined, dataDir);
  expect(key).toHaveLength(32);
  expect(await loadEncryptionKey(undefined, dataDir)).toEqual(key);
  expect(await readdir(dataDir)).toEqual(['encryption.key']);
  expect(await modeOf(join(dataDir, 'encryption.key'))).toBe(0o600);
  expect(await modeOf(dataDir)).toBe(0o700);
  expect(await loadEncryptionKey(undefined, await newDataDir())).not.toEqual(key);
});

test('processes that start at once on one data directory get the same key', async () => {
  const dataDir = await newDataDir();
  const keys = await Promise.all(Array.from({ length: 50 }, () => loadEncryptionKey(undefined, dataDir)));
  expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
  expect(await readdir(dataDir)).toEqual(['encryption.key']);
});

test.each(['base64', 'base64url', 'hex'] as const)(
  'a key in %s is taken, and no file is made',
  async (form) => {
    const dataDir = await newDataDir();
    const key = randomBytes(32);
    expect(await loadEncryptionKey(` ${key.toString(form)}\n`, dataDir)).toEqual(key);
    await expect(stat(dataDir)).rejects.toMatchObject({ code: 'ENOENT' });
  },
);

test.each([
  ['a word', 'short'],
  ['31 bytes', Buffer.alloc(31, 'k').toString('base64')],
  ['33 bytes', Buffer.alloc(33, 'k').toString('base64')],
  ['31 bytes in hex', Buffer.alloc(31, 'k').toString('hex')],
  ['64 letters that are not all hex', `${Buffer.alloc(31, 'k').toString('hex')}zz`],
])('%s as a key is refused without being shown, with the command that makes one', async (_what, key) => {
  const refusal = await refusalOf(key, await newDataDir());
  expect(refusal).toBe(
    'HOLDFAST_ENCRYPTION_KEY must be 32 bytes in base64 or hex; make one with: openssl rand -base64 32',
  );
});

test('the error for a damaged key file names its path, and the file is not changed', async () => {
  const dataDir = await newDataDir();
  const path = join(dataDir, 'encryption.key');
  await mkdir(dataDir);
  await writeFile(path, 'half a k');
  expect(await refusalOf(undefined, dataDir)).toMatch(`${path} must be 32 bytes`);
  expect(await readFile(path, 'utf8')).toBe('half a k');
});
