/** The limits of a session (I7). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionBook } from '../../src/domain/session-book.ts';
import type { SessionLimits } from '../../src/domain/session.ts';
import type { TurnCommit } from '../../src/domain/turn.ts';
import { answered, failed, message, openBook, startedAt, throughJson } from './session-support.ts';

const limitsOf = (maxMetadataBytes = Infinity): SessionLimits => ({
  maxMetadataBytes,
  maxQueued: 100,
  windowMessages: 40,
  windowBytes: 256 * 1024,
});

describe('the queue of a session', () => {
  it('accepts calls up to its limit and refuses the next one; calls in the queue may ask again', () => {
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

  it('has room for each call whose ending a request takes along, because the session takes it over first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 6 }), (maxQueued, ended) => {
        const book = openBook({ maxQueued });
        const calls = Array.from({ length: maxQueued + 1 }, (_, i) => `c${i}`);
        for (const callId of calls) book.openTurn(callId, startedAt);
        const taken = [...calls.slice(0, ended).map((callId) => answered(callId)), answered('stranger')];
        expect(book.refusal('late', 0, { taken })).toBe(ended === 0 ? 'session_queue_full' : undefined);
        for (const commit of taken) book.commit(commit, startedAt);
        expect(book.refusal('late')).toBe(ended === 0 ? 'session_queue_full' : undefined);
      }),
    );
  });

  it.each([0, 1])(
    'of at most %i is refused no call whose turn is free once the holder has ended',
    (maxQueued) => {
      const book = openBook({ maxQueued });
      book.openTurn('c0', startedAt);
      if (maxQueued > 0) book.openTurn('c1', startedAt);
      expect(book.refusal('late', 0, { taken: [] })).toBe('session_queue_full');
      expect(book.refusal('late', 0, { taken: [answered('c0')] })).toBeUndefined();
      expect(book.refusal('late', 0, { taken: [answered('c0'), answered('c0')] })).toBeUndefined();
      expect(book.refusal('c0', 0, { taken: [answered('c0')] })).toBeUndefined();
    },
  );

  it('has room too if a call ended that waited', () => {
    const book = openBook({ maxQueued: 2 });
    for (const callId of ['c0', 'c1', 'c2']) book.openTurn(callId, startedAt);
    const taken = [{ ...failed('c2'), endedWaiting: 'failed' as const }];
    expect(book.refusal('late', 0, { taken })).toBeUndefined();
    // One place is free, not two.
    expect(openBook({ maxQueued: 1 }, throughJson(book.state())).refusal('late', 0, { taken })).toBe(
      'session_queue_full',
    );
  });
});

describe('the metadata of a session', () => {
  const kib = (key: string): { metadata: Record<string, unknown> } => ({
    metadata: { [key]: 'x'.repeat(1_000) },
  });
  const take = (book: SessionBook, callId: string, commit: TurnCommit): void => {
    book.openTurn(callId, startedAt);
    book.commit(commit, startedAt);
  };

  it('is merged member by member, and refused beyond the limit before the call is accepted', () => {
    const book = openBook({ maxMetadataBytes: 2_500 });
    take(book, 'c1', answered('c1', kib('a')));
    expect(book.refusal('c2', 1_010)).toBeUndefined();
    take(book, 'c2', answered('c2', kib('b')));
    expect(Object.keys(book.read().metadata)).toEqual(['a', 'b']);
    expect(book.refusal('c3', 1_010)).toBe('session_metadata_full');
  });

  it('of calls in flight counts too, until they have ended', () => {
    const book = openBook({ maxMetadataBytes: 2_500 });
    book.openTurn('c1', startedAt, 1_010);
    book.openTurn('c2', startedAt, 1_010);
    expect(book.refusal('c3', 1_010)).toBe('session_metadata_full');
    const renewed = new SessionBook(throughJson(book.state()), limitsOf(2_500));
    expect(renewed.refusal('c3', 1_010)).toBe('session_metadata_full');
    book.release('c2', startedAt);
    expect(book.refusal('c3', 1_010)).toBeUndefined();
    expect(book.state().expectedMetadata).toEqual({ c1: 1_010 });
  });

  it('at its limit refuses neither calls without metadata nor calls in flight', () => {
    const book = openBook({ maxMetadataBytes: 100 });
    take(book, 'c1', answered('c1', kib('a')));
    expect(book.refusal('c2')).toBeUndefined();
    expect(book.refusal('c2', 10)).toBe('session_metadata_full');
    book.openTurn('c2', startedAt);
    expect(book.refusal('c2', 10)).toBeUndefined();
  });

  it('has no limit in a session from before the limit existed', () => {
    const book = openBook();
    take(book, 'c1', answered('c1', kib('a')));
    expect(book.refusal('c2', 1e9)).toBeUndefined();
  });
});

it('a session remembers the last 500 calls that committed, also after continue-as-new', () => {
  let book = openBook();
  for (let i = 0; i < 600; i++) {
    book.openTurn(`c${i}`, startedAt);
    book.commit(failed(`c${i}`), startedAt);
  }
  book = new SessionBook(throughJson(book.state()), limitsOf());
  expect(book.openTurn('c599', startedAt)).toEqual({ state: 'committed' });
  expect(book.openTurn('c100', startedAt)).toEqual({ state: 'committed' });
  expect(book.openTurn('c99', startedAt).state).toBe('granted');
});

it('a session treats the calls of its initial messages as committed', () => {
  const messages = [message('user', 'hello', { callId: 'c1' }), message('system', 'imported')];
  expect(openBook({}, { messages }).openTurn('c1', startedAt)).toEqual({ state: 'committed' });
});
