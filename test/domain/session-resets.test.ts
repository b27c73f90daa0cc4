/** A rerun and a reset of one call: only one of the two answers in their session. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionBook } from '../../src/domain/session-book.ts';
import type { SecondAnswer, SessionLimits, TurnCommit } from '../../src/domain/session.ts';
import { answered, failed, isoAfter, openBook, startedAt, throughJson } from './session-support.ts';

const answer = (callId: string) => ({ agent: 'echo', content: `re: ${callId}` });
const answerOfReset = (callId: string, more: Partial<TurnCommit> = {}): SecondAnswer => ({
  ...answered(callId, more),
  answer: answer(callId),
  reset: true,
});
const answerOfRerun = (callId: string, rerunOf: string): SecondAnswer => ({
  ...answered(callId),
  answer: answer(callId),
  rerunOf,
});

/** A session in which the calls have had their turns, and failed. */
function bookWithFailed(...callIds: string[]): SessionBook {
  const book = openBook();
  for (const callId of callIds) {
    book.openTurn(callId, startedAt);
    book.commit(failed(callId), startedAt);
  }
  return book;
}

describe('the answer of a reset', () => {
  it('takes the place of its own failure, right behind the question, whatever came after', () => {
    const book = bookWithFailed('c1', 'c2');

    expect(book.settle(answerOfReset('c1'), startedAt + 5)).toEqual({ stored: true });

    expect(book.read().messages).toMatchObject([
      { role: 'user', content: 'ask c1', callId: 'c1', timestamp: isoAfter(0) },
      { role: 'assistant', content: 're: c1', agent: 'echo', callId: 'c1', timestamp: isoAfter(5) },
      { role: 'user', content: 'ask c2', failed: true },
    ]);
    expect(book.read().messages[0]).not.toHaveProperty('failed');
    expect(book.read().lastActivity).toBe(isoAfter(5));
  });

  it('told twice is stored once', () => {
    const book = bookWithFailed('c1');
    book.settle(answerOfReset('c1'), startedAt);
    expect(book.settle(answerOfReset('c1'), startedAt)).toEqual({ stored: true });
    expect(book.read().messages).toHaveLength(2);
  });

  it('is not stored where its call left no failure: a reset owns no turn, and gives back one that it holds', () => {
    const book = openBook();
    book.openTurn('c1', startedAt);
    book.openTurn('c2', startedAt);

    const settlement = book.settle(answerOfReset('c1'), startedAt);

    expect(settlement).toMatchObject({ stored: false, next: { callId: 'c2' } });
    expect(book.read().messages).toEqual([]);
  });

  it('is not stored once a rerun has answered, also when that was before the session was renewed', () => {
    const book = bookWithFailed('c1');
    book.openTurn('r1', startedAt);
    expect(book.settle(answerOfRerun('r1', 'c1'), startedAt)).toEqual({ stored: true });
    const renewed = new SessionBook(throughJson(book.state()), limits);
    expect(renewed.settle(answerOfReset('c1'), startedAt)).toEqual({ stored: false });
  });

  it('is not stored once its failure has moved to an older segment', () => {
    const book = openBook({ olderBytes: 1, windowMessages: 1 });
    for (const commit of [failed('c1'), answered('c2'), answered('c3')]) {
      book.openTurn(commit.callId, startedAt);
      book.commit(commit, startedAt);
    }
    const segment = book.overflow();
    expect(segment?.messages[0]).toMatchObject({ callId: 'c1' });
    if (segment) book.movedOut(segment, 'key');
    expect(book.settle(answerOfReset('c1'), startedAt)).toEqual({ stored: false });
  });

  it('given while its failure is being moved out stays, and is moved out with it later', () => {
    const book = openBook({ olderBytes: 1, windowMessages: 1 });
    for (const commit of [failed('c1'), answered('c2'), answered('c3')]) {
      book.openTurn(commit.callId, startedAt);
      book.commit(commit, startedAt);
    }
    const segment = book.overflow();
    book.settle(answerOfReset('c1'), startedAt);
    if (segment) book.movedOut(segment, 'key of before');

    expect(book.read()).not.toHaveProperty('older');
    expect(book.overflow()?.messages.slice(0, 2)).toMatchObject([
      { role: 'user', content: 'ask c1' },
      { role: 'assistant', content: 're: c1' },
    ]);
  });

  it('is stored for 500 calls of a session and no more: all are remembered', () => {
    const calls = Array.from({ length: 501 }, (_, i) => `c${i}`);
    const book = bookWithFailed(...calls);
    const stored = calls.filter((callId) => book.settle(answerOfReset(callId), startedAt).stored);
    expect(stored).toEqual(calls.slice(0, 500));
  });
});

it('the reset of a rerun counts as its rerun', () => {
  const book = bookWithFailed('c1', 'r1');
  expect(book.settle(answerOfReset('r1', { rerunOf: 'c1' }), startedAt)).toEqual({ stored: true });
  expect(book.settle(answerOfReset('c1'), startedAt)).toEqual({ stored: false });
  const other = bookWithFailed('c1', 'r1');
  expect(other.settle(answerOfReset('c1'), startedAt)).toEqual({ stored: true });
  expect(other.settle(answerOfReset('r1', { rerunOf: 'c1' }), startedAt)).toEqual({ stored: false });
});

it('a failure that comes after its rerun has answered is not for a reset to take', () => {
  const book = openBook();
  book.openTurn('r1', startedAt);
  book.openTurn('c1', startedAt);
  book.settle(answerOfRerun('r1', 'c1'), startedAt);
  const renewed = new SessionBook(throughJson(book.state()), limits);
  renewed.commit(failed('c1'), startedAt);
  expect(renewed.settle(answerOfReset('c1'), startedAt)).toEqual({ stored: false });
});

it('after 500 reruns that overtook their calls no failure is for a reset to take: all would be remembered', () => {
  const book = openBook();
  for (let i = 0; i < 501; i++) {
    book.openTurn(`r${i}`, startedAt);
    book.settle(answerOfRerun(`r${i}`, `gone-${i}`), startedAt);
  }
  book.openTurn('c1', startedAt);
  book.commit(failed('c1'), startedAt);
  expect(book.settle(answerOfReset('c1'), startedAt)).toEqual({ stored: false });
});

describe("a rerun's answer", () => {
  it('is not stored once the reset has answered; its turn is over all the same', () => {
    const book = bookWithFailed('c1');
    book.openTurn('r1', startedAt);
    book.openTurn('c2', startedAt);
    book.settle(answerOfReset('c1'), startedAt);

    const settlement = book.settle(answerOfRerun('r1', 'c1'), startedAt);

    expect(settlement).toMatchObject({ stored: false, next: { callId: 'c2' } });
    expect(book.read().messages.map(({ callId }) => callId)).toEqual(['c1', 'c1']);
    expect(book.openTurn('r1', startedAt)).toEqual({ state: 'committed' });
  });

  it('told twice says both times what became of it', () => {
    const book = bookWithFailed('c1', 'c2');
    book.openTurn('r1', startedAt);
    const kept = answerOfRerun('r1', 'c1');
    expect([book.settle(kept, startedAt), book.settle(kept, startedAt)]).toEqual([
      { stored: true },
      { stored: true },
    ]);
    book.openTurn('r2', startedAt);
    book.settle(answerOfReset('c2'), startedAt);
    const declined = answerOfRerun('r2', 'c2');
    expect([book.settle(declined, startedAt), book.settle(declined, startedAt)]).toEqual([
      { stored: false },
      { stored: false },
    ]);
    expect(book.read().messages).toHaveLength(5);
  });

  it('counts only in its turn', () => {
    const book = bookWithFailed('c1');
    book.openTurn('other', startedAt);
    book.openTurn('r1', startedAt);
    expect(book.settle(answerOfRerun('r1', 'c1'), startedAt)).toEqual({ stored: false });
    expect(book.waiting).toBe(0);
  });
});

const limits: SessionLimits = { maxQueued: 10, windowMessages: 2, windowBytes: 2_000, olderBytes: 1 };
const originals = ['a', 'b'];
const reruns = originals.flatMap((of) => [`${of}-r1`, `${of}-r2`]);
const step = fc.oneof(
  fc.record({
    act: fc.constantFrom('open', 'fail', 'release'),
    callId: fc.constantFrom(...originals, ...reruns),
  }),
  fc.record({ act: fc.constant('answer'), callId: fc.constantFrom(...reruns) }),
  fc.record({ act: fc.constant('reset'), callId: fc.constantFrom(...originals, ...reruns) }),
  fc.record({ act: fc.constantFrom('store', 'stored', 'renew'), callId: fc.constant('') }),
);

it('a rerun and a reset of one call never both answer, whatever comes in between', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      let book = openBook(limits);
      let segment: ReturnType<SessionBook['overflow']>;
      const answers = new Map<string, number>();
      for (const { act, callId } of steps) {
        const rerunOf = callId.split('-')[0] ?? '';
        if (act === 'open') book.openTurn(callId, startedAt);
        if (act === 'fail') book.commit(failed(callId), startedAt);
        if (act === 'release') book.release(callId, startedAt);
        if (act === 'store') segment = book.overflow();
        if (act === 'stored' && segment) book.movedOut(segment, 'key');
        if (act === 'renew') book = new SessionBook(throughJson(book.state()), limits);
        if (act === 'stored' || act === 'renew') segment = undefined;
        if (act === 'answer') book.settle(answerOfRerun(callId, rerunOf), startedAt);
        if (act === 'reset')
          book.settle(answerOfReset(callId, reruns.includes(callId) ? { rerunOf } : {}), startedAt);
        for (const message of book.read().messages)
          if (message.role === 'assistant') answers.set(message.callId ?? '', 1);
        for (const original of originals) {
          const byReset = answers.has(original);
          const byRerun = reruns.some((one) => one.startsWith(original) && answers.has(one));
          expect(byReset && byRerun).toBe(false);
        }
      }
    }),
    { numRuns: 1_000 },
  );
});
