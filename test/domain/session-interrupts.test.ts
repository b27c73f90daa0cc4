/** What a busy session does with a call that does not want to wait: refuse it, or let it interrupt the others (I4). */
import { describe, expect, it } from 'vitest';
import type { SessionBook } from '../../src/domain/session-book.ts';
import { newSession } from '../../src/domain/session.ts';
import type { TurnCommit } from '../../src/domain/turn.ts';
import { SupersededCalls } from '../../src/domain/superseded-calls.ts';
import { answered, failed, openBook, startedAt, throughJson } from './session-support.ts';

/** A session in which the first call has the turn and the others wait. */
function busyWith(...callIds: string[]): SessionBook {
  const book = openBook({ maxQueued: 2 });
  for (const callId of callIds) book.openTurn(callId, startedAt);
  return book;
}
const renewed = (book: SessionBook): SessionBook => openBook({}, throughJson(book.state()));
const cancelled = (callId: string): TurnCommit => ({
  ...failed(callId),
  endedAt: startedAt + 5,
  cancelled: true,
});

describe('a call that wants to be refused', () => {
  const reject = { whenBusy: 'reject' } as const;

  it('is refused if another call has the turn, and accepted in an idle session', () => {
    expect(openBook().refusal('c1', 0, reject)).toBeUndefined();
    expect(busyWith('c1').refusal('c2', 0, reject)).toBe('session_busy');
    expect(busyWith('c1', 'c2', 'c3').refusal('c4', 0, reject)).toBe('session_busy');
  });

  it('is accepted if the facade knows that the call with the turn has ended and no other waits', () => {
    const taken = [answered('c1')];
    expect(busyWith('c1').refusal('c2', 0, { ...reject, taken })).toBeUndefined();
    expect(busyWith('c1', 'c2').refusal('c3', 0, { ...reject, taken })).toBe('session_busy');
  });

  it('is not refused by itself when it asks again', () => {
    const book = busyWith('c1', 'c2');
    for (const callId of ['c1', 'c2']) expect(book.refusal(callId, 0, reject)).toBeUndefined();
    book.commit(answered('c1'), startedAt);
    expect(book.refusal('c1', 0, reject)).toBeUndefined();
  });
});

describe('a call that interrupts', () => {
  it('interrupts the call with the turn and those that wait, which leave the queue at once', () => {
    const book = busyWith('c1', 'c2', 'c3');
    expect(book.refusal('c4')).toBe('session_queue_full');
    expect(book.refusal('c4', 0, { whenBusy: 'interrupt' })).toBeUndefined();
    expect(book.interrupt('c4', startedAt)).toEqual(['c1', 'c2', 'c3']);
    expect([book.holder?.callId, book.queued]).toEqual(['c1', []]);
    expect(book.openTurn('c4', startedAt)).toMatchObject({ state: 'queued', position: 1 });
    expect(['c1', 'c2', 'c3', 'c4'].map((callId) => book.isSuperseded(callId))).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(book.callIds().sort()).toEqual(['c1', 'c2', 'c3', 'c4']);
  });

  it('interrupts nothing in an idle session', () => {
    expect(openBook().interrupt('c1', startedAt)).toEqual([]);
  });

  it('interrupts nothing when it asks again, whether it waits, has the turn or has ended', () => {
    let book = busyWith('c1');
    book.interrupt('c2', startedAt);
    for (const callId of ['c2', 'c3']) book.openTurn(callId, startedAt);
    expect(book.interrupt('c2', startedAt)).toEqual([]);
    book.commit(cancelled('c1'), startedAt);
    expect(book.interrupt('c2', startedAt)).toEqual([]);
    book.commit(answered('c2'), startedAt);
    book = renewed(book);
    expect(book.interrupt('c2', startedAt)).toEqual([]);
    expect(book.holder?.callId).toBe('c3');
  });

  it('gets the turn once the interrupted call has ended, whose message says so and is in no window', () => {
    let book = busyWith('c1');
    book.interrupt('c2', startedAt);
    book.openTurn('c2', startedAt);
    book = renewed(book);
    expect(book.hasEnding('c1')).toBe(false);
    expect(book.commit(cancelled('c1'), startedAt + 9)).toMatchObject({ callId: 'c2' });
    expect(book.hasEnding('c1')).toBe(true);
    expect(book.read().messages).toMatchObject([{ content: 'ask c1', failed: true, supersededBy: 'c2' }]);
    expect(book.openTurn('c2', startedAt)).toMatchObject({ state: 'granted', window: [] });
  });

  it('gives no turn to an interrupted call, however often that asks again', () => {
    let book = busyWith('c1', 'c2');
    book.interrupt('c3', startedAt);
    book.openTurn('c3', startedAt);
    for (const callId of ['c1', 'c2'])
      expect(book.openTurn(callId, startedAt)).toEqual({
        state: 'queued',
        position: 0,
        comesByItself: true,
        supersededBy: 'c3',
      });
    book.commit(cancelled('c1'), startedAt);
    book.commit(answered('c3'), startedAt);
    book = renewed(book);
    expect(book.openTurn('c2', startedAt)).toMatchObject({ position: 0, supersededBy: 'c3' });
    expect(book.refusal('c2')).toBeUndefined();
    expect([book.holder, book.waiting]).toEqual([undefined, 0]);
  });

  it('is superseded itself by a later one, which the call with the turn does not notice', () => {
    const book = busyWith('c1');
    book.interrupt('c2', startedAt);
    book.openTurn('c2', startedAt);
    expect(book.interrupt('c3', startedAt)).toEqual(['c2']);
    book.openTurn('c3', startedAt);
    expect(book.openTurn('c2', startedAt)).toMatchObject({ supersededBy: 'c3' });
    expect(book.commit(cancelled('c1'), startedAt)).toMatchObject({ callId: 'c3' });
    expect(book.read().messages).toMatchObject([{ supersededBy: 'c2' }]);
  });

  it('leaves alone a call whose ending comes with it', () => {
    const book = busyWith('c1', 'c2');
    const taken = [answered('c1')];
    expect(book.interrupt('c3', startedAt, taken)).toEqual(['c2']);
    expect(book.commit(taken[0] ?? failed('c1'), startedAt)).toBeUndefined();
    expect(book.openTurn('c3', startedAt)).toMatchObject({ state: 'granted' });
  });

  it.each([
    ['answered', { ...answered('c1'), endedAt: startedAt }, false],
    ['failed by itself', { ...failed('c1'), endedAt: startedAt }, false],
    ['was cancelled', cancelled('c1'), true],
    ['committed before its end, as older ones do', failed('c1'), true],
  ])('leaves its mark on a call that %s: %s', (_how, commit, isMarked) => {
    const book = busyWith('c1');
    book.interrupt('c2', startedAt);
    book.commit(commit, startedAt);
    expect(book.read().messages.some((message) => message.supersededBy === 'c2')).toBe(isMarked);
  });
});

it('a session knows all calls that one call interrupts, however long its queue is', () => {
  const book = openBook({ maxQueued: 1_000 });
  const callIds = Array.from({ length: 1_001 }, (_, i) => `c${i}`);
  for (const callId of callIds) book.openTurn(callId, startedAt);
  expect(book.interrupt('last', startedAt)).toEqual(callIds);
  expect(callIds.filter((callId) => !book.isSuperseded(callId))).toEqual([]);
});

it('a session remembers only so many calls that were interrupted, the last ones', () => {
  const calls = new SupersededCalls(2, newSession('s', startedAt).superseded);
  expect(calls.state()).toEqual({});
  for (const callId of ['c1', 'c2', 'c1', 'c3']) calls.add(callId, `after ${callId}`);
  expect(calls.state()).toEqual({ superseded: { c2: 'after c2', c3: 'after c3' } });
  expect([calls.has('c1'), calls.get('c3')]).toEqual([false, 'after c3']);
});
