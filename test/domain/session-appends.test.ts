/** Messages that are appended to a session without a call: refused beside calls, and never appended twice. */
import { describe, expect, it } from 'vitest';
import { SessionAppends } from '../../src/domain/session-appends.ts';
import { SessionBook } from '../../src/domain/session-book.ts';
import type { Append, SessionLimits, SessionState } from '../../src/domain/session.ts';
import { answered, isoAfter, openBook, startedAt, throughJson } from './session-support.ts';

const append = (id: string, more: Partial<Append> = {}): Append => ({
  id,
  fingerprint: `of ${id}`,
  messages: [
    { role: 'user', content: `ask ${id}` },
    { role: 'assistant', content: `re: ${id}`, agent: 'a person' },
  ],
  ...more,
});

function open(limits: Partial<SessionLimits> = {}, state: Partial<SessionState> = {}) {
  const book = openBook(limits, state);
  return { book, appends: new SessionAppends(book, state) };
}

describe('appended messages', () => {
  it('are part of the session and of the next window, with the user and the metadata that came along', () => {
    const { book, appends } = open({}, { metadata: { a: 1, b: 1 } });
    const more = { userId: 'ada', metadata: { b: 2 } };
    expect(appends.append(append('one', more), startedAt + 5)).toEqual({ count: 2, repeated: false });
    expect(book.read()).toMatchObject({
      userId: 'ada',
      lastActivity: isoAfter(5),
      metadata: { a: 1, b: 2 },
      messages: [
        { role: 'user', content: 'ask one', timestamp: isoAfter(5) },
        { role: 'assistant', content: 're: one', timestamp: isoAfter(5), agent: 'a person' },
      ],
    });
    appends.append(append('two', { userId: 'bob' }), startedAt + 6);
    expect(book.read().userId).toBe('ada');
    expect(book.openTurn('c1', startedAt + 7)).toMatchObject({ state: 'granted', window: { length: 4 } });
    expect(book.isUnused).toBe(false);
  });

  it('are counted with the messages in the payload store', () => {
    const { appends } = open({}, { older: { key: 'k', count: 40 } });
    expect(appends.append(append('one'), startedAt)).toEqual({ count: 42, repeated: false });
  });

  it('are refused while a call holds or waits for the turn, unless its ending comes along', () => {
    const { book, appends } = open();
    book.openTurn('c1', startedAt);
    expect(appends.refusal(append('one'))).toBe('session_busy');
    expect(appends.refusal(append('one', { taken: [answered('c1')] }))).toBeUndefined();
    book.openTurn('c2', startedAt);
    expect(appends.refusal(append('one', { taken: [answered('c1')] }))).toBe('session_busy');
    expect(appends.refusal(append('one', { taken: [answered('c1'), answered('c2')] }))).toBeUndefined();
    book.commit(answered('c1'), startedAt);
    expect(appends.refusal(append('one'))).toBe('session_busy');
    book.commit(answered('c2'), startedAt);
    expect(appends.refusal(append('one'))).toBeUndefined();
  });

  it('are refused if the metadata would become too large', () => {
    const { appends } = open({ maxMetadataBytes: 50 }, { metadata: { a: 'x'.repeat(20) } });
    expect(appends.refusal(append('one', { metadata: { b: 'x'.repeat(20) } }))).toBe('session_metadata_full');
    expect(appends.refusal(append('one', { metadata: { b: 1 } }))).toBeUndefined();
  });

  it('are refused once a megabyte waits for the payload store, which calls are not', () => {
    const { book, appends } = open({ olderBytes: 10_000 });
    const content = 'x'.repeat(100_000);
    const more = { messages: [{ role: 'user' as const, content }] };
    let appended = 0;
    while (appends.refusal(append(`${appended}`, more)) === undefined) {
      appends.append(append(`${appended}`, more), startedAt);
      appended += 1;
    }
    expect(appended).toBe(11);
    expect(appends.refusal(append('more'))).toBe('payload_store_unavailable');
    expect(book.refusal('c1')).toBeUndefined();
    const segment = book.overflow() ?? { messages: [] };
    book.movedOut(segment, 'key');
    expect(appends.refusal(append('more'))).toBeUndefined();
  });
});

describe('a repeated append', () => {
  it('appends nothing, even if a call holds the turn by then, and another one of its id is refused', () => {
    const { book, appends } = open();
    appends.append(append('one'), startedAt);
    book.openTurn('c1', startedAt);
    expect(appends.refusal(append('one'))).toBeUndefined();
    expect(appends.append(append('one'), startedAt)).toEqual({ count: 2, repeated: true });
    expect(appends.refusal(append('one', { fingerprint: 'of another body' }))).toBe('idempotency_mismatch');
    expect(book.read().messages).toHaveLength(2);
  });

  it('is recognised after a continue-as-new, for the newest 200 appends', () => {
    const { book, appends } = open();
    for (let i = 0; i < 201; i++) appends.append(append(`${i}`, { messages: [] }), startedAt);
    const state = throughJson({ ...book.state(), ...appends.state() });
    const renewed = new SessionAppends(
      new SessionBook(state, { maxQueued: 1, windowMessages: 1, windowBytes: 1 }),
      state,
    );
    expect(renewed.state()).toEqual(appends.state());
    expect(renewed.append(append('200'), startedAt).repeated).toBe(true);
    expect(renewed.append(append('1'), startedAt).repeated).toBe(true);
    expect(renewed.append(append('0'), startedAt).repeated).toBe(false);
    expect(open().appends.state()).toEqual({});
  });
});
