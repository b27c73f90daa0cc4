import { describe, expect, it } from 'vitest';
import { answered, failed, isoAfter, message, openBook, startedAt, throughJson } from './session-support.ts';
import { newSession } from '../../src/domain/session.ts';

describe('the turn of a call', () => {
  it('is granted at once in an idle session, with a number and an empty window', () => {
    expect(openBook().openTurn('c1', startedAt)).toEqual({
      state: 'granted',
      turnNumber: 1,
      grantedAt: startedAt,
      window: [],
    });
  });

  it('is the same turn when its holder asks again, and its grant time is renewed', () => {
    const book = openBook();
    book.openTurn('c1', startedAt);
    expect(book.openTurn('c1', startedAt + 500)).toMatchObject({ turnNumber: 1, grantedAt: startedAt + 500 });
    expect(book.holder).toEqual({
      callId: 'c1',
      turnNumber: 1,
      grantedAt: startedAt + 500,
      acceptedAt: startedAt,
    });
  });

  it('keeps its place in the queue when a waiting call asks again', () => {
    const book = openBook();
    book.openTurn('c1', startedAt);
    book.openTurn('c2', startedAt);
    expect(book.openTurn('c3', startedAt)).toEqual({ state: 'queued', position: 2, comesByItself: true });
    expect(book.openTurn('c2', startedAt)).toEqual({ state: 'queued', position: 1, comesByItself: true });
    expect(book.waiting).toBe(2);
    expect(book.queued).toEqual(['c2', 'c3']);
  });

  it('passes to the call that waited longest when the holder commits or gives it up', () => {
    const book = openBook();
    for (const callId of ['c1', 'c2', 'c3']) book.openTurn(callId, startedAt);
    expect(book.commit(answered('c1'), startedAt + 1)).toEqual({
      callId: 'c2',
      turnNumber: 2,
      grantedAt: startedAt + 1,
      queuedAt: startedAt,
      acceptedAt: startedAt,
    });
    expect(book.release('c2', startedAt + 2)).toMatchObject({ callId: 'c3', turnNumber: 3 });
    expect(book.release('c3', startedAt + 3)).toBeUndefined();
    expect(book.holder).toBeUndefined();
  });

  it('tells since when its call knows of it: of its place in the queue, or of the turn itself', () => {
    const book = openBook();
    for (const callId of ['c1', 'c2', 'c3']) book.openTurn(callId, startedAt);
    book.openTurn('c3', startedAt + 5);
    const renewed = openBook({}, throughJson(book.state()));
    renewed.release('c1', startedAt + 10);
    expect(renewed.holder).toMatchObject({ callId: 'c2', queuedAt: startedAt });
    renewed.release('c2', startedAt + 20);
    expect(renewed.holder).toMatchObject({ callId: 'c3', queuedAt: startedAt + 5 });
    renewed.openTurn('c3', startedAt + 30);
    expect(renewed.holder).toEqual({
      callId: 'c3',
      turnNumber: 3,
      grantedAt: startedAt + 30,
      acceptedAt: startedAt,
    });
    expect(renewed.state()).not.toHaveProperty('queuedAt');
    expect(renewed.state()).not.toHaveProperty('acceptedAt');
  });

  it("makes its call one of the session's calls while it waits, holds the turn, and after it", () => {
    const book = openBook();
    expect(book.callIds()).toEqual([]);
    for (const callId of ['c1', 'c2']) book.openTurn(callId, startedAt);
    expect(book.callIds()).toEqual(['c1', 'c2']);
    book.commit(answered('c1'), startedAt + 1);
    book.commit(answered('c2'), startedAt + 2);
    expect(book.callIds().sort()).toEqual(['c1', 'c2']);
  });

  it('is not granted a second time to a call that has committed', () => {
    const book = openBook();
    book.openTurn('c1', startedAt);
    book.commit(failed('c1'), startedAt);
    expect(book.openTurn('c1', startedAt)).toEqual({ state: 'committed' });
    expect(book.refusal('c1')).toBeUndefined();
    expect(book.holder).toBeUndefined();
  });

  it('is not granted to a call that committed before the session was exported and imported', () => {
    const messages = [message('user', 'ask', { callId: 'c1' }), message('assistant', 're', { callId: 'c1' })];
    expect(openBook({}, { messages }).openTurn('c1', startedAt)).toEqual({ state: 'committed' });
  });

  it('leaves the session unused when the only call gives it up', () => {
    const book = openBook();
    book.openTurn('c1', startedAt);
    book.openTurn('c2', startedAt);
    expect(book.isUnused).toBe(false);
    book.release('c1', startedAt);
    expect(book.isUnused).toBe(false);
    book.release('c2', startedAt);
    expect(book.isUnused).toBe(true);
  });

  it.each([
    ['a call has left its message', { messages: [message('user', 'ask', { callId: 'c0' })] }],
    ['its messages are in the payload store', { older: { key: 'segment', count: 40 } }],
    ['a call was cancelled whose id is remembered', { recentCallIds: ['c0'] }],
    ['it was imported with metadata alone', { metadata: { customer: 'c' } }],
  ])('given up leaves the session in use where %s', (_what, state) => {
    const book = openBook({}, state);
    book.openTurn('c1', startedAt);
    book.release('c1', startedAt);
    expect(book.isUnused).toBe(false);
  });

  it('stores nothing when it is given up without a commit, and can be granted again', () => {
    const book = openBook();
    book.openTurn('c1', startedAt);
    book.release('c1', startedAt);
    expect(book.read().messages).toEqual([]);
    expect(book.openTurn('c1', startedAt)).toMatchObject({ state: 'granted', turnNumber: 2 });
  });
});

describe('a session', () => {
  it('remembers its recent calls, however they ended', () => {
    let book = openBook();
    for (const callId of ['c1', 'c2', 'c3', 'c4']) book.openTurn(callId, startedAt);
    book.commit(answered('c1'), startedAt);
    book.commit({ ...failed('c3'), endedWaiting: 'cancelled' }, startedAt);
    book = openBook({}, throughJson(book.state()));
    expect(book.callIds().sort()).toEqual(['c1', 'c2', 'c3', 'c4']);
    expect(book.state().leftCallIds).toEqual(['c3']);
  });

  it('begins empty and belongs to the user of the first call, if there is one', () => {
    const empty = { createdAt: isoAfter(0), lastActivity: isoAfter(0), messages: [], metadata: {} };
    expect(newSession('s', startedAt)).toEqual({
      sessionId: 's',
      ...empty,
      turnsGranted: 0,
      queue: [],
      withoutResets: true,
    });
    expect(openBook({}, newSession('s', startedAt, 'ann')).read()).toEqual({
      sessionId: 's',
      userId: 'ann',
      ...empty,
    });
    expect(openBook({}, newSession('s', startedAt)).read()).not.toHaveProperty('userId');
  });

  it('is quiet since its last activity, which is a commit and not the begin of a turn', () => {
    const book = openBook();
    expect(book.quietSince(startedAt - 1)).toBe(false);
    expect(book.quietSince(startedAt)).toBe(true);
    book.openTurn('c1', startedAt + 100);
    expect(book.quietSince(startedAt)).toBe(true);
    book.commit(answered('c1'), startedAt + 500);
    expect(book.quietSince(startedAt + 499)).toBe(false);
    expect(book.quietSince(startedAt + 500)).toBe(true);
  });
});
