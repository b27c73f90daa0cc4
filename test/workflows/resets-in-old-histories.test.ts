/** Sessions that began while calls could be reset store either a reset's or a rerun's answer to a call, never both. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionBook } from '../../src/domain/session-book.ts';
import type { SessionLimits } from '../../src/domain/session.ts';
import {
  OldSessionBook,
  type OldTurnCommit,
  type OldSessionState,
} from '../../src/workflows/old-histories.ts';
import { answered, failed, isoAfter, openBook, startedAt, throughJson } from '../domain/session-support.ts';

const roomy: SessionLimits = { maxQueued: 100, windowMessages: 40, windowBytes: 256 * 1024 };

function openOldBook(
  limits: Partial<SessionLimits> = {},
  more: Partial<OldSessionState> = {},
): OldSessionBook {
  const { withoutResets, ...state } = openBook().state();
  expect(withoutResets).toBe(true);
  return new OldSessionBook({ ...state, ...more }, { ...roomy, ...limits });
}

const answerOfReset = (callId: string, more: Partial<OldTurnCommit> = {}): OldTurnCommit => ({
  ...answered(callId, more),
  reset: true,
});
const answerOfRerun = (callId: string, rerunOf: string): OldTurnCommit => answered(callId, { rerunOf });

/** A session in which these calls have had their turns and failed. */
function oldBookWithFailed(...callIds: string[]): OldSessionBook {
  const book = openOldBook();
  for (const callId of callIds) {
    book.openTurn(callId, startedAt);
    book.commit(failed(callId), startedAt);
  }
  return book;
}

describe('the answer of a reset', () => {
  it("replaces the call's failed message, directly after the prompt, whatever messages followed", () => {
    const book = oldBookWithFailed('c1', 'c2');

    expect(book.settle(answerOfReset('c1'), startedAt + 5)).toEqual({ stored: true });

    expect(book.read().messages).toMatchObject([
      { role: 'user', content: 'ask c1', callId: 'c1', timestamp: isoAfter(0) },
      { role: 'assistant', content: 're: c1', agent: 'echo', callId: 'c1', timestamp: isoAfter(5) },
      { role: 'user', content: 'ask c2', failed: true },
    ]);
    expect(book.read().messages[0]).not.toHaveProperty('failed');
    expect(book.read().lastActivity).toBe(isoAfter(5));
  });

  it('is stored once, however often the session receives it', () => {
    const book = oldBookWithFailed('c1');
    book.settle(answerOfReset('c1'), startedAt);
    expect(book.settle(answerOfReset('c1'), startedAt)).toEqual({ stored: true });
    expect(book.read().messages).toHaveLength(2);
  });

  it('is not stored if its call left no failed message; a turn that the call still holds passes to the next call', () => {
    const book = openOldBook();
    book.openTurn('c1', startedAt);
    book.openTurn('c2', startedAt);

    const settlement = book.settle(answerOfReset('c1'), startedAt);

    expect(settlement).toMatchObject({ stored: false, next: { callId: 'c2' } });
    expect(book.read().messages).toEqual([]);
  });

  it('is not stored once a rerun has answered', () => {
    const book = oldBookWithFailed('c1');
    book.openTurn('r1', startedAt);
    expect(book.settle(answerOfRerun('r1', 'c1'), startedAt)).toEqual({ stored: true });
    expect(book.settle(answerOfReset('c1'), startedAt)).toEqual({ stored: false });
  });

  it('is not stored if a rerun had answered before the call failed, in this run or an earlier one', () => {
    const book = openOldBook();
    book.openTurn('r1', startedAt);
    book.openTurn('c1', startedAt);
    book.settle(answerOfRerun('r1', 'c1'), startedAt);
    const later = openOldBook({}, { overtakenCallIds: ['c1'] });
    later.openTurn('c1', startedAt);
    for (const one of [book, later]) {
      one.commit(failed('c1'), startedAt);
      expect(one.settle(answerOfReset('c1'), startedAt)).toEqual({ stored: false });
    }
  });

  it('is not stored once the failed message has moved to an older segment', () => {
    const book = openOldBook({ olderBytes: 1, windowMessages: 1 });
    for (const commit of [failed('c1'), answered('c2'), answered('c3')]) {
      book.openTurn(commit.callId, startedAt);
      book.commit(commit, startedAt);
    }
    const segment = book.overflow();
    expect(segment?.messages[0]).toMatchObject({ callId: 'c1' });
    if (segment) book.movedOut(segment, 'key');
    expect(book.settle(answerOfReset('c1'), startedAt)).toEqual({ stored: false });
  });

  it('that arrives while the failed message is being moved is kept, and moved with it later', () => {
    const book = openOldBook({ olderBytes: 1, windowMessages: 1 });
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

  it('is stored for at most 500 calls of a session', () => {
    const calls = Array.from({ length: 501 }, (_, i) => `c${i}`);
    const book = oldBookWithFailed(...calls);
    const stored = calls.filter((callId) => book.settle(answerOfReset(callId), startedAt).stored);
    expect(stored).toEqual(calls.slice(0, 500));
  });

  it('is not stored after 500 reruns that answered before their calls had failed', () => {
    const book = openOldBook();
    for (let i = 0; i < 501; i++) {
      book.openTurn(`r${i}`, startedAt);
      book.settle(answerOfRerun(`r${i}`, `gone-${i}`), startedAt);
    }
    book.openTurn('c1', startedAt);
    book.commit(failed('c1'), startedAt);
    expect(book.settle(answerOfReset('c1'), startedAt)).toEqual({ stored: false });
  });
});

it('the reset of a rerun counts like the rerun', () => {
  const book = oldBookWithFailed('c1', 'r1');
  expect(book.settle(answerOfReset('r1', { rerunOf: 'c1' }), startedAt)).toEqual({ stored: true });
  expect(book.settle(answerOfReset('c1'), startedAt)).toEqual({ stored: false });
  const other = oldBookWithFailed('c1', 'r1');
  expect(other.settle(answerOfReset('c1'), startedAt)).toEqual({ stored: true });
  expect(other.settle(answerOfReset('r1', { rerunOf: 'c1' }), startedAt)).toEqual({ stored: false });
});

describe("a rerun's answer", () => {
  it('is not stored once the reset has answered; its turn still passes to the next call', () => {
    const book = oldBookWithFailed('c1');
    book.openTurn('r1', startedAt);
    book.openTurn('c2', startedAt);
    book.settle(answerOfReset('c1'), startedAt);

    const settlement = book.settle(answerOfRerun('r1', 'c1'), startedAt);

    expect(settlement).toMatchObject({ stored: false, next: { callId: 'c2' } });
    expect(book.read().messages.map(({ callId }) => callId)).toEqual(['c1', 'c1']);
    expect(book.openTurn('r1', startedAt)).toEqual({ state: 'committed' });
  });

  it('gets the same reply each time it is sent', () => {
    const book = oldBookWithFailed('c1', 'c2');
    book.openTurn('r1', startedAt);
    const kept = answerOfRerun('r1', 'c1');
    const twice = (commit: OldTurnCommit) => [book.settle(commit, startedAt), book.settle(commit, startedAt)];
    expect(twice(kept)).toEqual([{ stored: true }, { stored: true }]);
    book.openTurn('r2', startedAt);
    book.settle(answerOfReset('c2'), startedAt);
    expect(twice(answerOfRerun('r2', 'c2'))).toEqual([{ stored: false }, { stored: false }]);
    expect(book.read().messages).toHaveLength(5);
  });
});

describe('the next run of such a session', () => {
  it('no longer allows resets, and keeps its messages', () => {
    const book = oldBookWithFailed('c1', 'c2');
    book.settle(answerOfReset('c1'), startedAt);
    const state = throughJson(book.state());
    expect(state).toMatchObject({ withoutResets: true });
    expect(Object.keys(state)).not.toContain('resetCallIds');
    expect(openBook({}, state).read().messages).toEqual(book.read().messages);
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
  fc.record({ act: fc.constantFrom('store', 'stored'), callId: fc.constant('') }),
);

it('a rerun and a reset of one call never both answer, whatever happens in between', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const book = openOldBook(limits);
      let segment: ReturnType<SessionBook['overflow']>;
      const answers = new Set<string>();
      for (const { act, callId } of steps) {
        const rerunOf = callId.split('-')[0] ?? '';
        if (act === 'open') book.openTurn(callId, startedAt);
        if (act === 'fail') book.commit(failed(callId), startedAt);
        if (act === 'release') book.release(callId, startedAt);
        if (act === 'store') segment = book.overflow();
        if (act === 'stored' && segment) {
          book.movedOut(segment, 'key');
          segment = undefined;
        }
        if (act === 'answer') book.settle(answerOfRerun(callId, rerunOf), startedAt);
        if (act === 'reset')
          book.settle(answerOfReset(callId, reruns.includes(callId) ? { rerunOf } : {}), startedAt);
        for (const message of book.read().messages)
          if (message.role === 'assistant') answers.add(message.callId ?? '');
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
