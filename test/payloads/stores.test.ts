/** Every payload store keeps the same contract. */
import { once } from 'node:events';
import {
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pass } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Archive } from '../../src/services/archive/archive.ts';
import { createFileStore } from '../../src/payloads/file-store.ts';
import {
  PayloadLostError,
  PayloadStoreError,
  PayloadStoreUnusable,
  type PayloadStore,
  type StoredPayload,
} from '../../src/payloads/payload-store.ts';
import { markerFile } from '../../src/payloads/store-folder.ts';
import { createS3Store } from '../../src/payloads/s3-store.ts';
import { storeIdOf } from '../../src/payloads/store-id.ts';
import { callOwner } from '../../src/payloads/owners.ts';
import { TextStore } from '../../src/payloads/text-store.ts';
import { canMount, mountSmallDisk, type SmallDisk } from '../rig/small-disk.ts';
import { hasMoto, s3Settings, startMoto } from './moto.ts';

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-payloads-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** `races`: how often a test repeats writes beside deletions. A bucket has no folders that could be removed beside a write. */
const kinds: { name: string; open: () => Promise<PayloadStore>; runs: boolean; races: number }[] = [
  { name: 'a folder', open: async () => createFileStore(await newFolder()), runs: true, races: 100 },
  {
    name: 'S3 (left out without moto)',
    open: async () => (await startMoto()).store,
    runs: hasMoto(),
    races: 5,
  },
];

describe.each(kinds)('$name', ({ open, runs, races }) => {
  const all = async (store: PayloadStore, prefix: string): Promise<StoredPayload[]> => {
    const found: StoredPayload[] = [];
    for await (const one of store.list(prefix)) found.push(one);
    return found;
  };

  it.runIf(runs)('writes, reads, lists and deletes payloads by key', { timeout: 30_000 }, async () => {
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

  it.runIf(runs)('keeps what is written beside deletions of the same folder, or removes it', async () => {
    const store = await open();
    for (let round = 0; round < races; round++)
      await Promise.all([
        store.write(`calls/busy/${round}`, Buffer.from('text')),
        store.deleteAll('calls/busy/'),
        store.writeOnce(`calls/busy/once-${round}`, Buffer.from('text')),
        store.deleteAll('calls/'),
      ]);
    await store.write('calls/busy/last', Buffer.from('text'));
    expect(await store.read('calls/busy/last')).toEqual(Buffer.from('text'));
  });

  it.runIf(runs)(
    'never passes a damaged or missing text off as the one that was written, and heals it by writing it again',
    { timeout: 30_000 },
    async () => {
      const store = await open();
      const texts = new TextStore(store, 100);
      const text = 'whole '.repeat(1_000);
      const kept = await texts.save(callOwner('c'), text);
      const { ref } = kept as { ref: string };
      for (const damaged of ['', text.slice(0, 500), text.replace('w', 'W')]) {
        await store.write(ref, Buffer.from(damaged));
        await expect(texts.load(kept)).rejects.toThrow(PayloadLostError);
        await expect(texts.load(kept)).rejects.toThrow(`${ref} in the payload store is damaged`);
        expect(await texts.save(callOwner('c'), text)).toEqual(kept);
        expect(await texts.load(kept)).toBe(text);
      }
      await store.deleteAll(ref);
      await expect(texts.load(kept)).rejects.toThrow(`has no ${ref}`);
    },
  );

  it.runIf(runs)(
    'is found usable, and keeps nothing of the look in the way',
    { timeout: 30_000 },
    async () => {
      const store = await open();
      await store.check();
      await store.check();
      expect(await all(store, 'calls/')).toEqual([]);
    },
  );

  it.runIf(runs)(
    'has one id, whoever asks at once, and one that nobody can overwrite',
    { timeout: 30_000 },
    async () => {
      const store = await open();
      const [id, ...others] = await Promise.all(Array.from({ length: 5 }, () => storeIdOf(store)));
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
      expect(new Set([...others, await storeIdOf(store)])).toEqual(new Set([id]));
      await store.writeOnce('store-id', Buffer.from('another'));
      expect(await storeIdOf(store)).toBe(id);
      expect(await storeIdOf(await open())).not.toBe(id);
    },
  );

  it.runIf(runs)('can hold the archive of failed calls', { timeout: 30_000 }, async () => {
    const store = await open();
    const damaged: string[] = [];
    const archive = new Archive(store, 'archive/', (key) => damaged.push(key));
    const call = { status: 'failed', agentAsked: 'a', startedAt: new Date(0), endedAt: new Date(0) } as const;
    const history = '{"events":[]}';
    await archive.write({ ...call, callId: 'one' }, history);
    await archive.write({ ...call, callId: "it's/../two", sessionId: 's' }, history);
    const ids = async (): Promise<string[]> => {
      const found: string[] = [];
      for await (const one of archive.calls({ project: '*', status: 'failed' })) found.push(one.callId);
      return found.sort();
    };
    expect(await ids()).toEqual(["it's/../two", 'one']);
    const broken = 'archive/1970-01-01/broken.json.gz';
    await store.write(broken, Buffer.from('cut off'));
    expect(await ids()).toEqual(["it's/../two", 'one']);
    expect(damaged).toEqual([broken]);
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

it('the files of a folder are readable by their owner only, and none is half-written', async () => {
  const folder = await newFolder();
  const store = createFileStore(join(folder, 'store'));
  await Promise.all(Array.from({ length: 20 }, () => store.write('calls/a/1', Buffer.alloc(100_000, 'x'))));
  expect(await readdir(join(folder, 'store', 'calls', 'a'))).toEqual(['1']);
  expect((await stat(join(folder, 'store', 'calls', 'a', '1'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'store'))).mode & 0o777).toBe(0o700);
});

it.each(['cut off', 'of the same size'])(
  'a damaged file, %s, is replaced by the next write of it',
  async (how) => {
    const folder = await newFolder();
    const store = createFileStore(folder);
    await store.write('calls/a/1', Buffer.from('as it was written'));
    const path = join(folder, 'calls', 'a', '1');
    await (how === 'cut off' ? truncate(path, 3) : writeFile(path, 'as it is now dead'));
    await store.write('calls/a/1', Buffer.from('as it was written'));
    expect((await store.read('calls/a/1'))?.toString()).toBe('as it was written');
  },
);

it('the same folder by another path is the same store, and a damaged id is an error and not replaced', async () => {
  const folder = await newFolder();
  const id = await storeIdOf(createFileStore(folder));
  await symlink(folder, `${folder}-too`);
  onTestFinished(() => rm(`${folder}-too`));
  expect(await storeIdOf(createFileStore(`${folder}-too`))).toBe(id);
  expect(await readdir(join(folder, '.tmp'))).toEqual([]);
  await truncate(join(folder, 'store-id'), 3);
  await expect(storeIdOf(createFileStore(folder))).rejects.toThrow(
    'store-id in the payload store is damaged',
  );
});

describe('a folder that is gone, or empty like a mount point without its volume,', () => {
  const places = { gone: () => Promise.resolve(), empty: (folder: string) => mkdir(folder) };

  it.each(['gone', 'empty'] as const)('%s, fails every operation until it is back', async (how) => {
    const folder = join(await newFolder(), 'mounted');
    const store = createFileStore(folder);
    const texts = new TextStore(store, 10);
    const [owner, text] = [callOwner('c'), 'of before the outage'];
    const kept = await texts.save(owner, text);
    await rename(folder, `${folder}.away`);
    await places[how](folder);

    const list = async (): Promise<void> => {
      for await (const { key } of store.list('')) expect(key).toBe('of no store');
    };
    const tries = {
      read: () => texts.load(kept),
      write: () => texts.save(owner, 'of the time without it'),
      writeOfAnother: () => texts.save(callOwner('d'), 'of the time without it'),
      readAfterThem: () => texts.load(kept),
      list,
      delete: () => texts.drop(owner),
      requireRoom: () => store.requireRoom(1),
      check: () => store.check(),
    };
    for (const [name, attempt] of Object.entries(tries)) {
      const failure = await attempt().catch((error: unknown) => error);
      expect(failure, name).toBeInstanceOf(PayloadStoreError);
      expect(failure, name).not.toBeInstanceOf(PayloadStoreUnusable);
    }
    const inItsPlace = await readdir(folder).catch(() => 'nothing');
    expect(inItsPlace).toEqual(how === 'gone' ? 'nothing' : []);

    await rm(folder, { recursive: true, force: true });
    await rename(`${folder}.away`, folder);
    await store.check();
    expect(await texts.load(kept)).toBe(text);
    await expect(texts.load({ ...(kept as object), ref: 'calls/c/never' } as typeof kept)).rejects.toThrow(
      PayloadLostError,
    );
  });

  it('is distinguished from a folder of an earlier version, which has no marker file', async () => {
    const folder = await newFolder();
    await createFileStore(folder).write('calls/a/1', Buffer.from('x'));
    await rm(join(folder, markerFile));
    const store = createFileStore(folder);
    expect((await store.read('calls/a/1'))?.toString()).toBe('x');
    expect(await store.read('calls/a/2')).toBeUndefined();
    await store.write('calls/a/2', Buffer.from('y'));
    expect((await readdir(folder)).sort()).toEqual([markerFile, '.tmp', 'calls'].sort());
  });
});

it('temporary files of killed writers are removed, those of running writers are not', async () => {
  const folder = await newFolder();
  await mkdir(join(folder, '.tmp'));
  for (const name of ['killed.tmp', 'under-way.tmp']) await writeFile(join(folder, '.tmp', name), 'half');
  const minutesAgo = new Date(Date.now() - 120_000);
  await utimes(join(folder, '.tmp', 'killed.tmp'), minutesAgo, minutesAgo);
  await createFileStore(folder).check();
  expect(await readdir(join(folder, '.tmp'))).toEqual(['under-way.tmp']);
  await utimes(join(folder, '.tmp', 'under-way.tmp'), minutesAgo, minutesAgo);
  await createFileStore(folder).write('calls/a/1', Buffer.from('x'));
  expect(await readdir(join(folder, '.tmp'))).toEqual([]);
});

describe.runIf(canMount())('a disk that becomes full (skipped if none can be mounted)', () => {
  const disk = (): SmallDisk => {
    const mounted = mountSmallDisk(8);
    onTestFinished(() => mounted.unmount());
    return mounted;
  };
  const mebibyte = 1024 * 1024;

  it('keeps no part of a text that does not fit, so that smaller texts still fit', async () => {
    const { path, fill } = disk();
    const store = createFileStore(path);
    await store.write('calls/a/owner', Buffer.from('a'));
    fill(1.6 * mebibyte);
    const large = Buffer.alloc(4 * mebibyte, 'x');
    for (let retry = 0; retry < 5; retry++)
      await expect(store.write('calls/a/1', large)).rejects.toThrow(/no room for 4194304 bytes/);
    // Each fits by itself, but not all together: a write that fails half-way leaves nothing either.
    const many = Array.from({ length: 4 }, (_, i) =>
      store.write(`calls/a/m${i}`, large.subarray(0, mebibyte)),
    );
    const failed = (await Promise.allSettled(many)).filter(({ status }) => status === 'rejected');
    expect(failed.length).toBeGreaterThan(0);
    expect(await readdir(join(path, '.tmp'))).toEqual([]);
    await store.write('calls/a/2', large.subarray(0, 20_000));
    expect((await store.read('calls/a/2'))?.length).toBe(20_000);
  });

  it('is unusable while it is mounted read-only, and only temporarily failing while it is full', async () => {
    const { path, fill, free, makeReadOnly } = disk();
    const store = createFileStore(path);
    await store.check();
    await store.write('calls/a/1', Buffer.from('x')); // A tmpfs of no size would have no bound.
    fill(0);
    await expect(store.check()).rejects.not.toThrow(PayloadStoreUnusable);
    free();
    await store.check();
    makeReadOnly();
    await expect(store.check()).rejects.toThrow(PayloadStoreUnusable);
  });

  it('refuses new work that would use its reserve, naming the setting, and still stores texts of calls in flight', async () => {
    const { path, fill, free } = disk();
    const texts = new TextStore(createFileStore(path, 2 * mebibyte), 100);
    const text = 'x'.repeat(500_000);
    fill(2.2 * mebibyte);
    await expect(texts.saveNew(callOwner('c'), text)).rejects.toThrow('HOLDFAST_PAYLOAD_RESERVE_MIB');
    expect(await texts.saveNew(callOwner('c'), 'small')).toBe('small');
    expect(await texts.load(await texts.save(callOwner('c'), text))).toBe(text);
    free();
    expect(await texts.load(await texts.saveNew(callOwner('d'), text))).toBe(text);
  });
});

it(
  'a store that can never work as it is set up is told apart from one that is away',
  { timeout: 30_000 },
  async () => {
    const folder = await newFolder();
    await writeFile(join(folder, 'file'), '');
    await expect(createFileStore(join(folder, 'file')).check()).rejects.toThrow(PayloadStoreUnusable);
    await expect(createFileStore(join(folder, 'file', 'below')).check()).rejects.toThrow(
      PayloadStoreUnusable,
    );
    const away = createS3Store(s3Settings('http://127.0.0.1:1')).check();
    await expect(away).rejects.toThrow(PayloadStoreError);
    await expect(away).rejects.not.toThrow(PayloadStoreUnusable);
  },
);

it('the error of a store that cannot be used does not contain the text', async () => {
  const folder = await newFolder();
  await writeFile(join(folder, 'file'), '');
  const broken = createFileStore(join(folder, 'file'));
  await expect(broken.write('calls/a/1', Buffer.from('private words'))).rejects.toThrow(PayloadStoreError);
  await expect(broken.write('calls/a/1', Buffer.from('private words'))).rejects.not.toThrow(/private/);

  const unreachable = createS3Store(s3Settings('http://127.0.0.1:1'));
  await expect(unreachable.read('calls/a/1')).rejects.toThrow('S3 does not answer');
});

it.runIf(hasMoto())(
  'the error for a bucket that does not exist names the bucket',
  { timeout: 30_000 },
  async () => {
    const { endpoint } = await startMoto();
    const store = createS3Store({ ...s3Settings(endpoint), bucket: 'nowhere' });
    await expect(store.write('calls/a/1', Buffer.from('x'))).rejects.toThrow(
      'The bucket nowhere does not exist',
    );
    await expect(store.check()).rejects.toThrow(PayloadStoreUnusable);
    await expect(store.read('calls/a/1')).rejects.toThrow('The bucket nowhere does not exist');
    await expect(store.list('calls/')[Symbol.asyncIterator]().next()).rejects.toThrow(PayloadStoreUnusable);
  },
);

it('a server that is not S3 and answers 404 to everything is not accepted as a store', async () => {
  const server = createServer((_request, response) => response.writeHead(404).end('{}'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const store = createS3Store(s3Settings(`http://127.0.0.1:${port}`));

  await expect(store.write('calls/a/1', Buffer.from('text'))).rejects.toThrow('S3 answered 404 to PUT');
  await expect(store.read('calls/a/1')).rejects.toThrow('S3 answered 404 to GET');
  await expect(store.check()).rejects.toThrow(PayloadStoreError);
});

/** A bucket that answers with a status, or with the given body. */
async function startBucket(answer: (method: string, body: Buffer) => Promise<number | Buffer>) {
  const server = createServer((request, response) => {
    void buffer(request)
      .then((body) => answer(request.method ?? '', body))
      .then((given) => {
        if (typeof given === 'number') response.writeHead(given);
        response.end(given === 404 ? '<Code>NoSuchKey</Code>' : typeof given === 'number' ? '' : given);
      });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return createS3Store(s3Settings(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
}

it('a bucket that ignores If-None-Match has one id, even if a second process writes it a little later', async () => {
  let kept: Buffer | undefined;
  let writes = 0;
  const store = await startBucket(async (method, body) => {
    if (method === 'GET') return kept ?? 404;
    writes += 1;
    if (writes === 2) await pass(300); // By then the first writer has its answer.
    kept = body;
    return 200;
  });
  const [one, other] = await Promise.all([storeIdOf(store), storeIdOf(store)]);
  expect(writes).toBe(2);
  expect(one).toBe(other);
  expect(await storeIdOf(store)).toBe(one);
});

it('the error for a bucket that may not be listed, and so answers 403 for missing objects, names the missing permissions', async () => {
  const store = await startBucket((method) => Promise.resolve(method === 'GET' ? 403 : 200));
  await expect(storeIdOf(store)).rejects.toThrow(/403 to GET .*need s3:GetObject .* and s3:ListBucket/);
  await expect(storeIdOf(store)).rejects.toThrow(PayloadStoreUnusable);
});
