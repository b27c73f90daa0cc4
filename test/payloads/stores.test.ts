/** Every store keeps the same promises. */
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Archive } from '../../src/client/archive.ts';
import { createFileStore } from '../../src/payloads/file-store.ts';
import {
  PayloadStoreError,
  type PayloadStore,
  type StoredPayload,
} from '../../src/payloads/payload-store.ts';
import { createS3Store } from '../../src/payloads/s3-store.ts';
import { hasMoto, s3Settings, startMoto } from './moto.ts';

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-payloads-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const kinds: { name: string; open: () => Promise<PayloadStore>; runs: boolean }[] = [
  { name: 'a folder', open: async () => createFileStore(await newFolder()), runs: true },
  { name: 'S3 (left out without moto)', open: async () => (await startMoto()).store, runs: hasMoto() },
];

describe.each(kinds)('$name', ({ open, runs }) => {
  const all = async (store: PayloadStore, prefix: string): Promise<StoredPayload[]> => {
    const found: StoredPayload[] = [];
    for await (const one of store.list(prefix)) found.push(one);
    return found;
  };

  it.runIf(runs)('keeps bytes, tells them apart, lists and deletes them', { timeout: 30_000 }, async () => {
    const store = await open();
    const large = Buffer.alloc(3_000_000, 'ä');
    await store.write('calls/a/1', Buffer.from('one'));
    await store.write('calls/a/2', large);
    await store.write('calls/b/1', Buffer.from([0, 255, 128]));
    await store.write('calls/a/1', Buffer.from('one'));

    expect(await store.read('calls/a/1')).toEqual(Buffer.from('one'));
    expect((await store.read('calls/a/2'))?.equals(large)).toBe(true);
    expect(await store.read('calls/b/1')).toEqual(Buffer.from([0, 255, 128]));
    expect(await store.read('calls/c/1')).toBeUndefined();
    const listed = await all(store, 'calls/');
    expect(listed.map(({ key }) => key).sort()).toEqual(['calls/a/1', 'calls/a/2', 'calls/b/1']);
    for (const { writtenAt } of listed)
      expect(Math.abs(Date.now() - writtenAt.getTime())).toBeLessThan(60_000);
    expect(await all(store, 'sessions/')).toEqual([]);

    await store.deleteAll('calls/a/');
    await store.deleteAll('calls/never/');
    expect((await all(store, 'calls/')).map(({ key }) => key)).toEqual(['calls/b/1']);
  });

  it.runIf(runs)('is an archive of failed calls too', { timeout: 30_000 }, async () => {
    const archive = new Archive(await open(), 'archive/');
    const call = { status: 'failed', agentAsked: 'a', startedAt: new Date(0), endedAt: new Date(0) } as const;
    const history = '{"events":[]}';
    await archive.write({ ...call, callId: 'one' }, history);
    await archive.write({ ...call, callId: "it's/../two", sessionId: 's' }, history);
    const ids = async (): Promise<string[]> => {
      const found: string[] = [];
      for await (const one of archive.calls({ status: 'failed' })) found.push(one.callId);
      return found.sort();
    };
    expect(await ids()).toEqual(["it's/../two", 'one']);
    expect(await archive.among(['one', "it's/../two", 'three'])).toEqual(new Set(['one', "it's/../two"]));
    await archive.advance(1_700_000_000_000);
    await archive.advance(1_800_000_000_000);
    expect(await archive.watermark()).toBe(1_800_000_000_000);
    await archive.removeSession('s');
    expect(await ids()).toEqual(['one']);
  });

  it.runIf(runs)('lists more than one page', { timeout: 60_000 }, async () => {
    const store = await open();
    const keys = Array.from({ length: 1_100 }, (_, i) => `calls/x/${i}`);
    for (let i = 0; i < keys.length; i += 50)
      await Promise.all(keys.slice(i, i + 50).map((key) => store.write(key, Buffer.from(key))));
    expect(await all(store, 'calls/')).toHaveLength(1_100);
  });
});

it('a folder holds files for its owner alone, and no half-written one', async () => {
  const folder = await newFolder();
  const store = createFileStore(join(folder, 'store'));
  await Promise.all(Array.from({ length: 20 }, () => store.write('calls/a/1', Buffer.alloc(100_000, 'x'))));
  expect(await readdir(join(folder, 'store', 'calls', 'a'))).toEqual(['1']);
  expect((await stat(join(folder, 'store', 'calls', 'a', '1'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'store'))).mode & 0o777).toBe(0o700);
});

it('a store that cannot be used says so, and names no content', async () => {
  const folder = await newFolder();
  await writeFile(join(folder, 'file'), '');
  const broken = createFileStore(join(folder, 'file'));
  await expect(broken.write('calls/a/1', Buffer.from('private words'))).rejects.toThrow(PayloadStoreError);
  await expect(broken.write('calls/a/1', Buffer.from('private words'))).rejects.not.toThrow(/private/);

  const unreachable = createS3Store(s3Settings('http://127.0.0.1:1'));
  await expect(unreachable.read('calls/a/1')).rejects.toThrow('S3 does not answer');
});

it.runIf(hasMoto())('a bucket that does not exist is told by its name', { timeout: 30_000 }, async () => {
  const { endpoint } = await startMoto();
  const store = createS3Store({ ...s3Settings(endpoint), bucket: 'nowhere' });
  await expect(store.write('calls/a/1', Buffer.from('x'))).rejects.toThrow(
    'The bucket nowhere does not exist',
  );
});
