import { describe, expect, it } from 'vitest';
import { answered, failed, isoAfter, openBook, startedAt, throughJson } from './session-support.ts';

describe('what a call commits to its session', () => {
  it('is its prompt and the answer, with agent, time and call id', () => {
    const book = openBook();
    book.openTurn('c1', startedAt);
    book.commit(answered('c1'), startedAt + 700);
    const timestamp = isoAfter(700);
    expect(book.read()).toMatchObject({ createdAt: isoAfter(0), lastActivity: timestamp });
    expect(book.read().messages).toEqual([
      { timestamp, role: 'user', content: 'ask c1', callId: 'c1' },
      { timestamp, role: 'assistant', content: 're: c1', agent: 'echo', callId: 'c1' },
    ]);
  });

  it('is its prompt, marked as failed, if no agent answered', () => {
    const book = openBook();
    book.openTurn('c1', startedAt);
    book.commit(failed('c1'), startedAt);
    expect(book.read().messages).toEqual([
      { timestamp: isoAfter(0), role: 'user', content: 'ask c1', callId: 'c1', failed: true },
    ]);
  });

  it('does not set back the time of the last activity if the session hears of it late', () => {
    const book = openBook();
    book.openTurn('c1', startedAt);
    book.configure({ system: 'Be brief' }, startedAt + 9_000);
    book.commit({ ...answered('c1'), endedAt: startedAt + 500 }, startedAt + 10_000);
    expect(book.read().messages[1]).toMatchObject({ timestamp: isoAfter(500) });
    expect(book.read().lastActivity).toBe(isoAfter(9_000));
  });

  it('is stored once if the commit is delivered twice', () => {
    const book = openBook();
    book.openTurn('c1', startedAt);
    book.commit(answered('c1'), startedAt);
    book.openTurn('c2', startedAt);
    expect(book.commit(answered('c1'), startedAt + 1)).toBeUndefined();
    expect(book.read().messages).toHaveLength(2);
    expect(book.holder?.callId).toBe('c2');
  });

  it('is not stored if the call ended while it waited, or is unknown', () => {
    const book = openBook();
    book.openTurn('c1', startedAt);
    book.openTurn('c2', startedAt);
    expect(book.commit(failed('c2'), startedAt + 1)).toBeUndefined();
    expect(book.commit(answered('stranger'), startedAt + 1)).toBeUndefined();
    expect(book.read()).toMatchObject({ messages: [], lastActivity: isoAfter(0) });
    expect([book.holder?.callId, book.waiting]).toEqual(['c1', 0]);
  });

  it('is its prompt, marked as failed, if the call failed while it waited, and nothing if it was cancelled', () => {
    const book = openBook();
    for (const callId of ['c1', 'c2', 'c3', 'c4']) book.openTurn(callId, startedAt);
    const waited = (callId: string, endedWaiting: 'failed' | 'cancelled') =>
      book.settle({ ...failed(callId), endedWaiting }, startedAt + 1);
    expect(waited('c3', 'failed')).toEqual({ stored: true });
    expect(waited('c3', 'failed')).toEqual({ stored: true });
    expect(waited('c2', 'cancelled')).toEqual({ stored: false });
    expect(waited('stranger', 'failed')).toEqual({ stored: false });
    expect(book.read().messages).toMatchObject([{ content: 'ask c3', failed: true }]);
    expect([book.holder?.callId, book.state().queue]).toEqual(['c1', ['c4']]);
    // The call was granted its turn at that moment.
    expect(waited('c1', 'cancelled')).toMatchObject({ stored: true, next: { callId: 'c4' } });
    expect(book.read().messages).toMatchObject([{ content: 'ask c3' }, { content: 'ask c1', failed: true }]);
    expect(book.openTurn('c3', startedAt)).toEqual({ state: 'committed' });
  });

  it('is reported as stored each time that a commit asks for it', () => {
    const book = openBook();
    book.openTurn('c1', startedAt);
    expect(book.settle(answered('c1'), startedAt)).toEqual({ stored: true });
    expect(book.settle(answered('c1'), startedAt)).toEqual({ stored: true });
    expect(book.read().messages).toHaveLength(2);
  });

  it('is stored once even if the call ends a second time, as after a reset in the Temporal Web UI', () => {
    for (const first of [answered('c1'), failed('c1')]) {
      for (const second of [answered('c1'), failed('c1')]) {
        let book = openBook();
        book.openTurn('c1', startedAt);
        book.openTurn('c2', startedAt);
        book.commit(first, startedAt);
        const { messages } = book.read();
        book = openBook({}, throughJson(book.state()));
        expect(book.openTurn('c1', startedAt)).toEqual({ state: 'committed' });
        expect(book.commit(second, startedAt)).toBeUndefined();
        expect(book.settle(second, startedAt)).toEqual({ stored: true });
        expect([book.read().messages, book.holder?.callId]).toEqual([messages, 'c2']);
      }
    }
  });

  it('is stored for a rerun only if the rerun holds the turn', () => {
    const book = openBook();
    book.openTurn('other', startedAt);
    book.openTurn('r1', startedAt);
    expect(book.settle(answered('r1', { rerunOf: 'c1' }), startedAt)).toEqual({ stored: false });
    expect(book.waiting).toBe(0);
  });

  it('includes metadata, merged shallowly with the later call winning; the first user stays the owner', () => {
    const book = openBook();
    const commits = [
      answered('c1'),
      answered('c2', { userId: 'ann', metadata: { a: { x: 1 }, b: 1 } }),
      answered('c3', { userId: 'bob', metadata: { a: { y: 2 } } }),
    ];
    for (const commit of commits) {
      book.openTurn(commit.callId, startedAt);
      book.commit(commit, startedAt);
    }
    expect(book.read()).toMatchObject({ userId: 'ann', metadata: { a: { y: 2 }, b: 1 } });
    expect(book.read().metadata['a']).toEqual({ y: 2 });
  });
});
