import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { QueuedTurns } from '../../src/services/calls/queued-turns.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('a call waits until it says that it does not, and counts once however often it reports', () => {
  const queued = new QueuedTurns();
  for (const callId of ['one', 'other', 'one']) queued.waits(callId);
  expect(queued.size).toBe(2);
  queued.ended('one');
  queued.ended('unknown');
  expect(queued.size).toBe(1);
});

it('a call that another worker has taken over is forgotten; one that reports again is not', () => {
  const queued = new QueuedTurns();
  queued.waits('taken over');
  queued.waits('stays');
  vi.advanceTimersByTime(20_000);
  queued.waits('stays');
  vi.advanceTimersByTime(10_000);
  expect(queued.size).toBe(1);
});
