/** Which endings a session takes over, since a call's own ending is the record of its turn (I4). */
import { describe, expect, it } from 'vitest';
import type { SessionBook } from '../../src/domain/session-book.ts';
import { answered, failed, isoAfter, message, openBook, startedAt, throughJson } from './session-support.ts';

const life = 'present';
const skewMs = 5_000;

/** The session in its next run. */
const renewed = (book: SessionBook): SessionBook => openBook({}, throughJson(book.state()));
const same = (book: SessionBook): SessionBook => book;

/** `holder` has the turn, `waiting` and `last` wait for it. The first was accepted at `startedAt`, the others 1 s later. */
function busyBook(): SessionBook {
  const book = openBook({}, { life });
  book.openTurn('holder', startedAt);
  book.openTurn('waiting', startedAt + 1_000);
  book.openTurn('last', startedAt + 1_000);
  return book;
}

describe.each([
  ['', same],
  [', which has continued as new since,', renewed],
])('a session%s', (_since, next) => {
  it.each([
    ['an answer', answered('holder', { life: 'earlier' })],
    ['a failure', { ...failed('holder'), life: 'earlier' }],
  ])('stores nothing of %s of another life, but the call gives up its turn', (_what, commit) => {
    const book = next(busyBook());
    expect(book.settle(commit, startedAt + 2_000)).toMatchObject({
      stored: false,
      next: { callId: 'waiting', turnNumber: 2 },
    });
    expect(book.read()).toMatchObject({ messages: [], lastActivity: isoAfter(0), holderId: 'waiting' });
    expect(book.openTurn('holder', startedAt + 3_000)).toMatchObject({ state: 'queued', position: 2 });
  });

  it('stores what is of its own life, or names none', () => {
    for (const commit of [answered('holder', { life }), answered('holder')]) {
      const book = next(busyBook());
      expect(book.settle(commit, startedAt + 2_000).stored).toBe(true);
      expect(book.read().messages).toHaveLength(2);
    }
  });

  it('stores the ending of the call that it accepted, and none of a call that was started long before', () => {
    const settle = (itsStart: number) => {
      const book = next(busyBook());
      const { stored, next: following } = book.settle(
        answered('holder', { life, startedAt: itsStart }),
        startedAt + 2_000,
      );
      expect(following).toMatchObject({ callId: 'waiting' });
      expect(book.read().messages).toHaveLength(stored ? 2 : 0);
      return stored;
    };
    expect(settle(startedAt + 10)).toBe(true);
    expect(settle(startedAt)).toBe(true);
    // Another server's clock may be late.
    expect(settle(startedAt - skewMs)).toBe(true);
    expect(settle(startedAt - skewMs - 1)).toBe(false);
  });

  it('applies the same rule to a call that failed while it waited', () => {
    const settle = (itsStart: number) => {
      const book = next(busyBook());
      const commit = { ...failed('waiting'), endedWaiting: 'failed', life, startedAt: itsStart } as const;
      const { stored } = book.settle(commit, startedAt + 2_000);
      expect(book.read().messages).toHaveLength(stored ? 1 : 0);
      expect([book.holder?.callId, book.queued]).toEqual(['holder', ['last']]);
      return stored;
    };
    expect(settle(startedAt + 1_000)).toBe(true);
    expect(settle(startedAt + 1_000 - skewMs)).toBe(true);
    expect(settle(startedAt + 1_000 - skewMs - 1)).toBe(false);
  });

  it('knows when it first accepted a call, however often the call renews its turn or its place', () => {
    let book = busyBook();
    const renewals = { holder: 20_000, waiting: 30_000 };
    for (const [callId, afterMs] of Object.entries(renewals)) book.openTurn(callId, startedAt + afterMs);
    book = next(book);
    expect(book.holder).toMatchObject({ acceptedAt: startedAt, grantedAt: startedAt + 20_000 });
    expect(book.settle(answered('holder', { startedAt: startedAt + 10 }), startedAt + 40_000).stored).toBe(
      true,
    );
    expect(book.holder).toMatchObject({
      callId: 'waiting',
      acceptedAt: startedAt + 1_000,
      queuedAt: startedAt + 30_000,
      grantedAt: startedAt + 40_000,
    });
    book.openTurn('waiting', startedAt + 50_000);
    book = next(book);
    const commit = answered('waiting', { startedAt: startedAt + 1_010 });
    expect(book.settle(commit, startedAt + 60_000).stored).toBe(true);
  });

  it('stores the ending of a call that was seen running since it has the turn, though it was started long before', () => {
    const commit = answered('holder', { startedAt: startedAt - 60_000 });
    const seen = (see: (book: SessionBook) => void): boolean => {
      const book = busyBook();
      see(book);
      return next(book).settle(commit, startedAt + 2_000).stored;
    };
    expect(seen((book) => book.markSeen(1))).toBe(true);
    expect(seen((book) => book.markRunning('holder'))).toBe(true);
    expect(seen((book) => book.markRunning('waiting'))).toBe(false);
    expect(seen((book) => book.markRunning('stranger'))).toBe(false);
  });

  it('stores the ending of a call that asked for a place by itself, because it had lost one', () => {
    let book = busyBook();
    book.markRunning('waiting');
    book.release('holder', startedAt + 2_000);
    expect(book.holder).not.toHaveProperty('acceptedAt');
    book = next(book);
    const commit = answered('waiting', { startedAt: startedAt - 60_000 });
    expect(book.settle(commit, startedAt + 3_000).stored).toBe(true);
  });
});

describe('the messages of an ending', () => {
  it('have the time at which the call ended, whenever the session hears of it', () => {
    const book = busyBook();
    book.commit(answered('holder', { endedAt: startedAt + 1_500 }), startedAt + 90_000);
    book.commit({ ...failed('waiting'), endedAt: startedAt + 2_500 }, startedAt + 91_000);
    const { messages, lastActivity } = book.read();
    expect(messages.map(({ timestamp }) => timestamp)).toEqual([1_500, 1_500, 2_500].map(isoAfter));
    expect(lastActivity).toBe(isoAfter(2_500));
    expect(book.holder).toMatchObject({ callId: 'last', grantedAt: startedAt + 91_000 });
  });

  it('are those of the first ending that the session takes over', () => {
    const book = busyBook();
    book.commit(answered('holder', { life, startedAt, endedAt: startedAt + 1_500 }), startedAt + 2_000);
    const { messages } = book.read();
    const again = { ...failed('holder'), life, startedAt, endedAt: startedAt + 9_000 };
    expect(book.settle(again, startedAt + 9_000)).toEqual({ stored: true });
    expect(book.read().messages).toEqual(messages);
  });
});

describe('a call that was seen', () => {
  it('is marked with its turn, also when the turn is renewed and in the next run', () => {
    let book = busyBook();
    expect(book.holder).not.toHaveProperty('seen');
    book.markSeen(1);
    book.openTurn('holder', startedAt + 500);
    book = renewed(book);
    expect(book.holder).toEqual({
      callId: 'holder',
      turnNumber: 1,
      grantedAt: startedAt + 500,
      acceptedAt: startedAt,
      seen: true,
    });
    expect(book.release('holder', startedAt + 600)).not.toHaveProperty('seen');
  });

  it('is not the holder if another has the turn by now, or nobody', () => {
    const book = busyBook();
    book.release('holder', startedAt);
    book.markSeen(1);
    book.markRunning('holder');
    expect(book.holder).not.toHaveProperty('seen');
    const idle = openBook();
    idle.markSeen(1);
    idle.markRunning('holder');
    expect(idle.holder).toBeUndefined();
  });
});

describe('a call whose ending is lost', () => {
  it('leaves a failed message that says so, and its turn passes on', () => {
    const book = busyBook();
    expect(book.lose('holder', startedAt + 3_000)).toMatchObject({ callId: 'waiting', turnNumber: 2 });
    const { messages, lastActivity } = book.read();
    expect(messages).toEqual([
      message(
        'user',
        '[The ending of this call is lost: Temporal removed the call before its session had taken the ending over]',
        {
          timestamp: isoAfter(3_000),
          callId: 'holder',
          failed: true,
          lost: true,
        },
      ),
    ]);
    expect(lastActivity).toBe(isoAfter(3_000));
    expect(book.turnOf({ callId: 'waiting', turnNumber: 2, grantedAt: startedAt }).window).toEqual([]);
  });

  it('gets no second turn, and no second message by an ending that turns up after all', () => {
    const book = busyBook();
    book.lose('holder', startedAt + 3_000);
    expect(book.openTurn('holder', startedAt + 4_000)).toEqual({ state: 'committed' });
    expect(book.settle(answered('holder', { life, startedAt }), startedAt + 5_000)).toEqual({ stored: true });
    book.lose('holder', startedAt + 6_000);
    expect(book.read().messages).toHaveLength(1);
    expect(book.holder?.callId).toBe('waiting');
  });

  it('leaves nothing if it does not have the turn', () => {
    const book = busyBook();
    expect(book.lose('waiting', startedAt + 3_000)).toBeUndefined();
    expect(book.lose('stranger', startedAt + 3_000)).toBeUndefined();
    expect(book.read()).toMatchObject({ messages: [], lastActivity: isoAfter(0) });
    expect([book.holder?.callId, book.queued]).toEqual(['holder', ['last']]);
  });
});
