/** Large texts: stored by owner, readable, deleted with their owner. */
import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { SessionMessage } from '../../src/domain/message.ts';
import type { OlderMessages } from '../../src/domain/session.ts';
import { createFileStore } from '../../src/payloads/file-store.ts';
import { allMessages, newestFirst, storeSegment } from '../../src/payloads/segments.ts';
import { PayloadLostError } from '../../src/payloads/payload-store.ts';
import { callOwner, sessionOwner } from '../../src/payloads/owners.ts';
import { TextStore } from '../../src/payloads/text-store.ts';

async function open() {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-texts-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const store = createFileStore(folder);
  const keys = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const { key } of store.list('')) found.push(key);
    return found;
  };
  return { folder, store, keys, texts: new TextStore(store, 100) };
}

const large = 'ä'.repeat(1_000);

it('a small text is returned as it is and never reaches the store', async () => {
  const { texts, keys } = await open();
  expect(await texts.save(callOwner('c'), 'small')).toBe('small');
  expect(await texts.load('small')).toBe('small');
  expect(await texts.copyTo(sessionOwner('s'), 'small')).toBe('small');
  expect(await keys()).toEqual([]);
});

it('a large text is stored once per owner and read back exactly', async () => {
  const { texts, keys } = await open();
  const kept = await texts.save(callOwner('c'), large);
  expect(kept).toEqual({
    ref: expect.stringMatching(/^calls\/[0-9a-f]+\/[0-9a-f]{64}$/) as string,
    bytes: 2_002,
    characters: 1_000,
  });
  expect(await texts.save(callOwner('c'), large)).toEqual(kept);
  expect(await texts.load(kept)).toBe(large);
  expect(await keys()).toHaveLength(2); // The owner's name and the text.
});

it('a copy remains when the owner of the original is deleted', async () => {
  const { texts, keys } = await open();
  const ofCall = await texts.save(callOwner('c'), large);
  const ofSession = await texts.copyTo(sessionOwner('s'), ofCall);
  expect(await texts.copyTo(sessionOwner('s'), ofSession)).toBe(ofSession);

  await texts.drop(callOwner('c'));

  await expect(texts.load(ofCall)).rejects.toThrow('was deleted');
  expect(await texts.load(ofSession)).toBe(large);
  await texts.drop(sessionOwner('s'));
  expect(await keys()).toEqual([]);
});

it.each(['..', '/etc/passwd', 'a/b', 'x'.repeat(128), '🙂'.repeat(60), ' '])(
  'an owner called %j stays within the store',
  async (id) => {
    const { texts, keys } = await open();
    await texts.save(sessionOwner(id), large);
    for (const key of await keys()) expect(key).toMatch(/^sessions\/[0-9a-f]{40}\/(owner|[0-9a-f]{64})$/);
  },
);

it('owners are listed as old only if all their texts are old', async () => {
  const { texts, store, keys, folder } = await open();
  for (const id of ['old', 'mixed', 'new']) await texts.save(callOwner(id), large);
  const old = new Date(Date.now() - 3_600_000);
  for (const key of await keys()) {
    const owner = (await store.read(`${key.slice(0, key.lastIndexOf('/'))}/owner`))?.toString();
    if (owner === 'old' || (owner === 'mixed' && key.endsWith('owner')))
      await utimes(join(folder, key), old, old);
  }
  const found: string[] = [];
  for await (const { id } of texts.ownersOlderThan('calls', Date.now() - 60_000)) found.push(id);
  expect(found).toEqual(['old']);
});

it('a chain of segments is read from the oldest message to the newest', async () => {
  const { texts } = await open();
  const message = (content: string): SessionMessage => ({ timestamp: 't', role: 'user', content });
  let older: OlderMessages | undefined;
  for (let segment = 0; segment < 5; segment++) {
    const messages = [message(`${segment}a`), message(`${segment}b`)];
    const key = await storeSegment(texts, sessionOwner('s'), { ...(older && { older }), messages });
    older = { key, count: (older?.count ?? 0) + 2 };
  }
  const contents: unknown[] = [];
  for await (const { content } of allMessages(texts, {
    createdAt: 't',
    ...(older && { older }),
    messages: [message('last')],
  }))
    contents.push(content);
  expect(contents).toEqual(['0a', '0b', '1a', '1b', '2a', '2b', '3a', '3b', '4a', '4b', 'last']);
});

it('a chain of segments is read from any message back to the oldest one, each with its number', async () => {
  const { texts } = await open();
  const message = (content: string): SessionMessage => ({ timestamp: 't', role: 'user', content });
  const first = await storeSegment(texts, sessionOwner('s'), { messages: [message('0'), message('1')] });
  const older = { key: first, count: 2 };
  const second = await storeSegment(texts, sessionOwner('s'), { older, messages: [message('2')] });
  const content = {
    createdAt: 't',
    older: { key: second, count: 3 },
    messages: [message('3'), message('4')],
  };
  const read = async (before?: number): Promise<unknown[]> => {
    const found: unknown[] = [];
    for await (const one of newestFirst(texts, content, before))
      found.push([one.number, one.message.content]);
    return found;
  };
  const all = [4, 3, 2, 1, 0].map((number) => [number, String(number)]);
  expect(await read()).toEqual(all);
  for (const before of [0, 1, 2, 3, 4, 5, 9])
    expect(await read(before)).toEqual(all.slice(Math.max(0, 5 - before)));
});

it('a lost segment and those before it are replaced by a notice with the number of lost messages', async () => {
  const { texts, store } = await open();
  const message = (content: string): SessionMessage => ({ timestamp: 't', role: 'user', content });
  const chain: OlderMessages[] = [];
  for (let segment = 0; segment < 4; segment++) {
    const older = chain.at(-1);
    const messages = [message(`${segment}a`), message(`${segment}b`)];
    const key = await storeSegment(texts, sessionOwner('s'), { ...(older && { older }), messages });
    chain.push({ key, count: (older?.count ?? 0) + 2 });
  }
  await store.write(chain[1]?.key ?? '', Buffer.from('damaged'));
  const found: SessionMessage[] = [];
  const content = { createdAt: 'then', older: chain[3] as OlderMessages, messages: [message('last')] };
  for await (const one of allMessages(texts, content)) found.push(one);
  expect(found[0]).toEqual({
    timestamp: 'then',
    role: 'system',
    lost: true,
    content: expect.stringContaining('4 older messages are lost') as string,
  });
  expect(found.slice(1).map(({ content: text }) => text)).toEqual(['2a', '2b', '3a', '3b', 'last']);

  const backwards: { number: number; message: SessionMessage }[] = [];
  for await (const one of newestFirst(texts, content)) backwards.push(one);
  expect(backwards.map(({ message: one }) => one)).toEqual([...found].reverse());
  expect(backwards.map(({ number }) => number)).toEqual([8, 7, 6, 5, 4, 0]);
});

it('the copy of a lost text keeps its reference, so that readers of the new owner get the error too', async () => {
  const { texts, store } = await open();
  const ofCall = await texts.save(callOwner('c'), large);
  await store.deleteAll('calls/');
  const copied = await texts.copyTo(sessionOwner('s'), ofCall);
  await expect(texts.load(copied)).rejects.toThrow(PayloadLostError);
});

it('an owner whose name file is damaged is not listed, so that its texts are not swept', async () => {
  const { texts, store, keys, folder } = await open();
  await texts.save(callOwner('alive'), large);
  const old = new Date(Date.now() - 3_600_000);
  for (const key of await keys()) {
    if (key.endsWith('owner')) await store.write(key, Buffer.from(''));
    await utimes(join(folder, key), old, old);
  }
  const found: string[] = [];
  for await (const { id } of texts.ownersOlderThan('calls', Date.now() - 60_000)) found.push(id);
  expect(found).toEqual([]);
});
