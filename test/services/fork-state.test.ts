/** What a fork takes of a session: the same messages and window as if it had always ended there, in texts of its own. */
import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { SessionBook } from '../../src/domain/session-book.ts';
import type { SessionMessage } from '../../src/domain/message.ts';
import type { SessionContent, SessionLimits } from '../../src/domain/session.ts';
import { plainText, replaceTexts } from '../../src/domain/content.ts';
import { folderOf, sessionOwner } from '../../src/payloads/owners.ts';
import { PayloadLostError } from '../../src/payloads/payload-store.ts';
import { allMessages } from '../../src/payloads/segments.ts';
import { TextStore } from '../../src/payloads/text-store.ts';
import { forkState } from '../../src/services/sessions/fork-state.ts';
import { stateOf, wholeSession } from '../../src/services/sessions/whole-session.ts';
import { isoAfter, openBook, startedAt } from '../domain/session-support.ts';
import { MemoryStore } from '../payloads/memory-store.ts';

const limits: SessionLimits = { maxQueued: 9, windowMessages: 4, windowBytes: 3_000, olderBytes: 2_000 };
const original = sessionOwner('original', 'its life');
const fork = { sessionId: 'fork', life: 'another life' };
const owner = sessionOwner(fork.sessionId, fork.life);

type Plain = SessionMessage & { readonly content: string };
const said = (content: string, more: Partial<Plain> = {}): Plain => ({
  timestamp: isoAfter(0),
  role: 'user',
  content,
  ...more,
});

/** A session with these messages, as its workflow and the store hold it. */
async function sessionOf(messages: readonly Plain[]) {
  const store = new MemoryStore();
  const texts = new TextStore(store, 200);
  const times = { createdAt: isoAfter(0), lastActivity: isoAfter(0) };
  const imported = { sessionId: 'original', ...times, metadata: { topic: 'x' }, messages };
  const state = await stateOf(texts, imported, 'its life', limits);
  return { store, texts, content: new SessionBook(state, limits).read() };
}

async function contentsOf(texts: TextStore, content: SessionContent): Promise<string[]> {
  const found: string[] = [];
  for await (const { content: text } of wholeSession(texts, content).messages) found.push(plainText(text));
  return found;
}

/** Turns of calls, some failed, and messages of no call. */
const turns = fc.array(
  fc.record({
    length: fc.constantFrom(1, 20, 300),
    kind: fc.constantFrom('answered', 'answered', 'failed', 'appended'),
  }),
  { maxLength: 40, size: 'max' },
);

function messagesOf(list: readonly { length: number; kind: string }[]): Plain[] {
  return list.flatMap(({ length, kind }, index): Plain[] => {
    const text = `${index} ${'x'.repeat(length)}`;
    if (kind === 'appended') return [said(text)];
    const callId = `call ${index}`;
    if (kind === 'failed') return [said(text, { callId, failed: true })];
    return [said(text, { callId }), said(`re: ${text}`, { callId, role: 'assistant', agent: 'echo' })];
  });
}

test('a fork has the messages before the cut, the window that belongs to them, and nothing of the original', async () => {
  await fc.assert(
    fc.asyncProperty(turns, fc.nat(), async (list, pick) => {
      const messages = messagesOf(list);
      const { store, texts, content } = await sessionOf(messages);
      const cuts = Array.from({ length: messages.length + 1 }, (_, cut) => cut).filter(
        (cut) =>
          cut === 0 ||
          messages[cut]?.callId === undefined ||
          messages[cut].callId !== messages[cut - 1]?.callId,
      );
      const before = cuts[pick % cuts.length] ?? 0;

      const { state, lost } = await forkState(texts, content, { ...fork, before }, limits);
      await store.deleteAll(folderOf(original));

      expect(lost).toBe(false);
      const taken = messages.slice(0, before);
      const found: SessionMessage[] = [];
      for await (const one of allMessages(texts, state))
        found.push({ ...one, content: await replaceTexts(one.content, (text) => texts.load(text)) });
      expect(found).toEqual(taken);
      expect(state).toMatchObject({ sessionId: 'fork', life: 'another life', metadata: { topic: 'x' } });
      const grown = openBook(limits, { messages: taken }).openTurn('next', startedAt);
      const granted = new SessionBook(state, limits).openTurn('next', startedAt);
      if (grown.state !== 'granted' || granted.state !== 'granted') throw new Error('no turn');
      const window = await Promise.all(
        granted.window.map(async (one) => ({
          ...one,
          content: await replaceTexts(one.content, (text) => texts.load(text)),
        })),
      );
      expect(window).toEqual(grown.window);
      for (const { callId } of taken)
        if (callId !== undefined)
          expect(new SessionBook(state, limits).openTurn(callId, startedAt)).toEqual({ state: 'committed' });
    }),
    { numRuns: 60 },
  );
});

it('reads what it copies twice at most, and no text behind the cut', async () => {
  const messages = Array.from({ length: 600 }, (_, index) =>
    said(`${index} ${'y'.repeat(index % 9 === 0 ? 500 : 5)}`),
  );
  const { store, texts, content } = await sessionOf(messages);
  store.reads.clear();

  await forkState(texts, content, { ...fork, before: 300 }, limits);

  const written = [...store.keys()].filter((key) => key.startsWith(folderOf(owner)));
  const readOften = [...store.reads.values()].filter((count) => count > 2);
  expect(readOften).toEqual([]);
  const texts0To299 = messages.slice(0, 300).filter((one) => one.content.length > 200).length;
  const segments = written.length - texts0To299 - 1; // The owner's name.
  expect(segments).toBeGreaterThan(20);
  // Each segment once to find the cut and once to copy; those behind the cut and the texts once, or not at all.
  expect(store.reads.size).toBeLessThan(2 * segments + texts0To299 + 5);
});

it('refuses a cut that the session does not have, or that divides a turn', async () => {
  const { texts, content } = await sessionOf(
    messagesOf(Array.from({ length: 30 }, () => ({ length: 20, kind: 'answered' }))),
  );
  const cut = (before: number) => forkState(texts, content, { ...fork, before }, limits);
  await expect(cut(61)).rejects.toMatchObject({
    type: 'validation_failed',
    message: expect.stringContaining('60 messages') as string,
  });
  for (const before of [1, 3, 29, 59])
    await expect(cut(before)).rejects.toMatchObject({
      type: 'validation_failed',
      message: expect.stringContaining('turn') as string,
    });
  expect((await cut(60)).state).toMatchObject({ older: { count: expect.any(Number) as number } });
});

it('keeps a notice for what is lost, and is refused if nothing before the cut can be reached', async () => {
  const messages = Array.from({ length: 80 }, (_, index) => said(`message ${index}`));
  const { store, texts, content } = await sessionOf(messages);
  const before = await contentsOf(texts, content);
  expect(before).toHaveLength(80);
  const chain: { key: string; count: number }[] = [];
  for (let older = content.older; older;) {
    chain.unshift(older);
    older = (JSON.parse(String(await store.read(older.key))) as SessionContent).older;
  }
  const [, second] = chain;
  await store.deleteAll(second?.key ?? '');

  const { state, lost } = await forkState(texts, content, { ...fork, before: 60 }, limits);

  expect(lost).toBe(true);
  const kept = await contentsOf(texts, { ...state, createdAt: isoAfter(0) });
  expect(kept[0]).toContain(`${second?.count ?? 0} older messages are lost`);
  expect(kept.slice(1)).toEqual(before.slice(second?.count ?? 0, 60));
  await expect(forkState(texts, content, { ...fork, before: second?.count ?? 0 }, limits)).rejects.toThrow(
    PayloadLostError,
  );
});
