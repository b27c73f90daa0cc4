/** Random sequences of calls' actions on a session, compared with a small model (I4). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { endingLostText, SessionBook } from '../../src/domain/session-book.ts';
import type { SessionLimits } from '../../src/domain/session.ts';
import type { TurnCommit } from '../../src/domain/turn.ts';
import { isoAfter, openBook, startedAt, throughJson } from './session-support.ts';

const calls = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6'];

interface Step {
  readonly act: 'openTurn' | 'reject' | 'interrupt' | 'commit' | 'lose' | 'release';
  readonly callId: string;
  /** Size of the answer; undefined if the call failed. */
  readonly size: number | undefined;
  /** The failed call did not know that it had a turn. */
  readonly endedWaiting: TurnCommit['endedWaiting'] | undefined;
  /** The commit is that of a call of the same id in another life of the session. */
  readonly isForeign: boolean;
}
const step: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom(
    ...(['openTurn', 'openTurn', 'openTurn', 'openTurn', 'openTurn', 'openTurn'] as const),
    ...(['commit', 'commit', 'commit', 'commit', 'lose', 'lose', 'release', 'release'] as const),
    ...(['reject', 'interrupt'] as const),
  ),
  callId: fc.constantFrom(...calls),
  size: fc.option(fc.integer({ min: 0, max: 1_000 }), { nil: undefined }),
  endedWaiting: fc.constantFrom(undefined, 'failed' as const, 'cancelled' as const),
  isForeign: fc.constantFrom(false, false, true),
});
const steps = fc.array(step, { maxLength: 40, size: 'max' });
const limits: fc.Arbitrary<SessionLimits> = fc.record({
  maxQueued: fc.integer({ min: 0, max: 4 }),
  windowMessages: fc.integer({ min: 1, max: 6 }),
  windowBytes: fc.integer({ min: 0, max: 2_000 }),
});

/** The result of a step as callers see it: the facade checks `refusal` before it opens a turn. */
function take(book: SessionBook, { act, callId, size, endedWaiting, isForeign }: Step, nowMs: number) {
  switch (act) {
    case 'openTurn':
      return book.refusal(callId) ?? book.openTurn(callId, nowMs);
    case 'reject':
      return book.refusal(callId, 0, { whenBusy: act }) ?? book.openTurn(callId, nowMs);
    case 'interrupt': {
      const refusal = book.refusal(callId, 0, { whenBusy: act });
      if (refusal) return refusal;
      book.interrupt(callId, nowMs);
      return book.openTurn(callId, nowMs);
    }
    case 'commit': {
      const answer = size === undefined ? undefined : { agent: 'echo', content: 'x'.repeat(size) };
      const commit = { callId, prompt: `ask ${callId}`, ...(isForeign && { life: 'another' }) };
      if (answer) return book.commit({ ...commit, answer }, nowMs);
      return book.commit({ ...commit, ...(endedWaiting && { endedWaiting }) }, nowMs);
    }
    case 'lose':
      return book.lose(callId, nowMs);
    case 'release':
      return book.release(callId, nowMs);
  }
}

/** The model: who holds the turn, who waits, who has had it. */
class Model {
  holder: string | undefined;
  queue: string[] = [];
  readonly committed: string[] = [];
  /** Each interrupted call with the one that interrupted it. */
  readonly superseded = new Map<string, string>();
  turns = 0;

  openTurn(callId: string, act: Step['act'], maxQueued: number): string {
    if (this.committed.includes(callId)) return 'committed';
    if (this.superseded.has(callId)) return 'queued';
    if (this.holder === callId) return 'granted';
    if (this.queue.includes(callId)) return 'queued';
    if (this.holder === undefined) {
      this.grant(callId);
      return 'granted';
    }
    if (act === 'reject') return 'session_busy';
    if (act === 'interrupt') {
      for (const other of [this.holder, ...this.queue])
        if (!this.superseded.has(other)) this.superseded.set(other, callId);
      this.queue = [];
    } else if (this.queue.length >= maxQueued) return 'session_queue_full';
    this.queue.push(callId);
    return 'queued';
  }

  /** Ends the call's turn or its wait. */
  leave(callId: string): string | undefined {
    this.queue = this.queue.filter((waiting) => waiting !== callId);
    if (this.holder !== callId) return undefined;
    this.grant(this.queue.shift());
    return this.holder;
  }

  private grant(callId: string | undefined): void {
    this.holder = callId;
    if (callId !== undefined) this.turns += 1;
  }
}

/** Whether the step stores a turn: that of the holder, or of a call that failed while it waited. */
function leavesMessage(
  { act, callId, size, endedWaiting, isForeign }: Step,
  { holder, queue }: { holder: string | undefined; queue: readonly string[] },
): boolean {
  if (act === 'lose') return holder === callId;
  if (act !== 'commit' || isForeign) return false;
  if (holder === callId) return true;
  return size === undefined && endedWaiting === 'failed' && queue.includes(callId);
}

test('one call at a time holds the turn, in the order in which the calls asked', () => {
  fc.assert(
    fc.property(limits, steps, (bounds, list) => {
      const book = openBook(bounds);
      const model = new Model();
      for (const [i, one] of list.entries()) {
        const nowMs = startedAt + i;
        const reply = take(book, one, nowMs);
        if (one.act !== 'commit' && one.act !== 'lose' && one.act !== 'release') {
          const expected = model.openTurn(one.callId, one.act, bounds.maxQueued);
          expect(typeof reply === 'string' ? reply : reply && 'state' in reply && reply.state).toBe(expected);
          if (expected === 'granted')
            expect(reply).toMatchObject({ turnNumber: model.turns, grantedAt: nowMs });
          if (expected === 'queued')
            expect(reply).toMatchObject({ position: model.queue.indexOf(one.callId) + 1 });
        } else {
          if (leavesMessage(one, model)) model.committed.push(one.callId);
          const next = model.leave(one.callId);
          const granted = { callId: next, turnNumber: model.turns, grantedAt: nowMs };
          if (next === undefined) expect(reply).toBeUndefined();
          else expect(reply).toMatchObject(granted);
        }
        expect([book.holder?.callId, book.state().queue]).toEqual([model.holder, model.queue]);
        expect(book.waiting).toBeLessThanOrEqual(Math.max(1, bounds.maxQueued));
        for (const callId of calls) expect(book.isSuperseded(callId)).toBe(model.superseded.has(callId));
      }
    }),
    { numRuns: 300 },
  );
});

test("each call's turn is stored at most once, complete, and in the order of the turns", () => {
  fc.assert(
    fc.property(limits, steps, (bounds, list) => {
      const book = openBook(bounds);
      const left: object[] = [];
      for (const [i, one] of list.entries()) {
        const now = { holder: book.holder?.callId, queue: book.state().queue };
        if (leavesMessage(one, now)) {
          const { act, callId, size } = one;
          const common = { timestamp: isoAfter(i), callId };
          const question = { ...common, role: 'user', content: `ask ${callId}` };
          const supersededBy = book.state().superseded?.[callId];
          const failure = { failed: true, ...(supersededBy !== undefined && { supersededBy }) };
          if (act === 'lose') left.push({ ...question, content: endingLostText, failed: true, lost: true });
          else if (size === undefined) left.push({ ...question, ...failure });
          else
            left.push(question, { ...common, role: 'assistant', content: 'x'.repeat(size), agent: 'echo' });
        }
        take(book, one, startedAt + i);
        expect(book.read().messages).toEqual(left);
      }
      const questions = book.read().messages.filter(({ role }) => role === 'user');
      expect(new Set(questions.map(({ callId }) => callId)).size).toBe(questions.length);
    }),
    { numRuns: 300 },
  );
});

test('a session that continues as new before every step behaves as if it had not', () => {
  fc.assert(
    fc.property(limits, steps, (bounds, list) => {
      const steady = openBook(bounds);
      let renewed = openBook(bounds);
      for (const [i, one] of list.entries()) {
        renewed = new SessionBook(throughJson(renewed.state()), bounds);
        expect(take(renewed, one, startedAt + i)).toEqual(take(steady, one, startedAt + i));
        expect(renewed.state()).toEqual(steady.state());
      }
    }),
    { numRuns: 300 },
  );
});
