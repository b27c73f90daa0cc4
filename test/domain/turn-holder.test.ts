import { expect, it } from 'vitest';
import { isLate, isLost, isOverdue } from '../../src/domain/turn-holder.ts';

const at = Date.UTC(2026, 0, 1);
const holder = { callId: 'c', turnNumber: 1, grantedAt: at };
const graceMs = 10_000;

it('a call is late once it has had its turn for 10 s, since the latest grant', () => {
  expect(isLate(holder, at + graceMs - 1)).toBe(false);
  expect(isLate(holder, at + graceMs)).toBe(true);
  const renewed = { ...holder, grantedAt: at + 1, queuedAt: at, acceptedAt: at };
  expect(isLate(renewed, at + graceMs)).toBe(false);
});

it('a call from the queue is overdue 10 s after it was last sent its place, however new its turn is', () => {
  const waited = { ...holder, grantedAt: at + 9_999, queuedAt: at };
  expect(isOverdue(waited, at + graceMs - 1)).toBe(false);
  expect(isOverdue(waited, at + graceMs)).toBe(true);
});

it('a call that was granted its turn in the reply is never overdue, and neither is nobody', () => {
  expect(isOverdue(holder, at + 100 * graceMs)).toBe(false);
  expect(isOverdue(undefined, at)).toBe(false);
});

it('a missing call is lost if it was seen, or if its turn is older than three looks and could have started long since', () => {
  expect(isLost({ ...holder, seen: true }, 60_000, at)).toBe(true);
  expect(isLost(holder, 60_000, at + 179_999)).toBe(false);
  expect(isLost(holder, 60_000, at + 180_000)).toBe(true);
  // However often the session looks: a call that never started has given up its turn by then.
  expect(isLost(holder, 500, at + 3 * graceMs - 1)).toBe(false);
  expect(isLost(holder, 500, at + 3 * graceMs)).toBe(true);
});
