/** How much a session takes on (I7). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from './support.ts';
import { answered, openBook, startedAt } from './session-support.ts';

describe('the queue of a session', () => {
  it('takes as many calls as its bound and refuses the next; those in it may ask again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 }), (maxQueued) => {
        const book = openBook({ maxQueued });
        const calls = Array.from({ length: maxQueued + 1 }, (_, i) => `c${i}`);
        for (const callId of calls) {
          expect(book.refusal(callId)).toBeUndefined();
          book.openTurn(callId, startedAt);
        }
        expect(book.waiting).toBe(maxQueued);
        expect(book.refusal('late')).toBe('session_queue_full');
        for (const callId of calls) expect(book.refusal(callId)).toBeUndefined();
        book.release('c0', startedAt);
        expect(book.refusal('late')).toBeUndefined();
      }),
    );
  });
});

describe('a full session', () => {
  const maxBytes = 5_000;
  const long = { agent: 'echo', content: 'x'.repeat(maxBytes) };

  it('refuses new calls and grants nothing, even where nobody heeded the refusal', () => {
    const book = openBook({ maxBytes });
    book.openTurn('c1', startedAt);
    book.commit(answered('c1', { answer: long }), startedAt);
    expect(book.refusal('c2')).toBe('session_full');
    expect(book.openTurn('c2', startedAt)).toEqual({ state: 'full' });
    expect([book.holder, book.waiting]).toEqual([undefined, 0]);
  });

  it('passes no turn on to the calls that waited while it filled up, or their answers could outgrow it without end', () => {
    const book = openBook({ maxBytes });
    for (const callId of ['c1', 'c2', 'c3']) book.openTurn(callId, startedAt);
    expect(book.commit(answered('c1', { answer: long }), startedAt)).toBeUndefined();
    expect([book.holder, book.waiting]).toEqual([undefined, 0]);
    expect(book.openTurn('c2', startedAt)).toEqual({ state: 'full' });
    expect(book.refusal('c3')).toBe('session_full');
    expect(book.idleSince(startedAt)).toBe(true);
  });

  it('still tells a call that has committed so', () => {
    const book = openBook({ maxBytes });
    book.openTurn('c1', startedAt);
    book.commit(answered('c1', { answer: long }), startedAt);
    expect(book.refusal('c1')).toBeUndefined();
    expect(book.openTurn('c1', startedAt)).toEqual({ state: 'committed' });
  });

  it('takes the commit of a turn granted before, however long, and lets its holder ask again', () => {
    const messages = Array.from({ length: 10 }, () => ({
      timestamp: new Date(startedAt).toISOString(),
      role: 'user' as const,
      content: 'x'.repeat(1_000),
    }));
    const holder = { callId: 'c1', turnNumber: 1, grantedAt: startedAt };
    const book = openBook({ maxBytes }, { messages, holder, turnsGranted: 1 });
    expect(book.refusal('c1')).toBeUndefined();
    expect(book.openTurn('c1', startedAt)).toMatchObject({ state: 'granted', turnNumber: 1 });
    book.commit(answered('c1', { answer: long }), startedAt);
    expect(book.read().messages).toHaveLength(12);
  });
});

const commit = fc.record({
  prompt: anyText,
  answer: fc.option(fc.record({ agent: fc.constant('agent'.repeat(20)), content: anyText }), {
    nil: undefined,
  }),
  metadata: fc.dictionary(fc.string({ maxLength: 10 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 5 }),
});

describe('the size of a session', () => {
  it('is never more than the bound while it still grants turns, metadata and awkward characters included', () => {
    fc.assert(
      fc.property(fc.array(commit, { maxLength: 12 }), (commits) => {
        const maxBytes = 4_000;
        const book = openBook({ maxBytes });
        for (const [i, { answer, ...one }] of commits.entries()) {
          if (book.openTurn(`c${i}`, startedAt).state !== 'granted') break;
          const { messages, metadata } = book.read();
          expect(Buffer.byteLength(JSON.stringify({ messages, metadata }))).toBeLessThan(maxBytes);
          book.commit({ callId: `c${i}`, ...one, ...(answer && { answer }) }, startedAt);
        }
      }),
    );
  });

  it('counts metadata: they alone can fill it, and replacing them does not count twice', () => {
    const book = openBook({ maxBytes: 12_000 });
    for (const callId of ['c1', 'c2', 'c3']) {
      book.openTurn(callId, startedAt);
      book.commit(answered(callId, { metadata: { note: 'x'.repeat(5_000) } }), startedAt);
      expect(book.refusal('next')).toBeUndefined();
    }
    book.openTurn('c4', startedAt);
    book.commit(answered('c4', { metadata: { more: 'x'.repeat(5_000) } }), startedAt);
    expect(book.refusal('next')).toBe('session_full');
  });
});
