import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { atMost } from '../../src/platform/at-most.ts';

const never = new Promise(() => undefined);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0); // One that is left holds up the end of the process.
  vi.useRealTimers();
});

test('it waits no longer than it may', async () => {
  let over = false;
  const waiting = atMost(never, 1_000).then(() => (over = true));
  await vi.advanceTimersByTimeAsync(999);
  expect(over).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await waiting;
});

test('it waits no longer than it must', async () => {
  await atMost(Promise.resolve('done'), 1_000_000);
});

test('a failure is passed on at once', async () => {
  await expect(atMost(Promise.reject(new Error('broken')), 1_000_000)).rejects.toThrow('broken');
});

test('a failure that comes too late is not waited for and harms nobody', async () => {
  let fail: (error: Error) => void = () => undefined;
  const late = new Promise((_resolve, reject) => (fail = reject));
  const waiting = atMost(late, 1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  await waiting;
  fail(new Error('too late'));
});

test('time that is used up already is none', async () => {
  const waiting = atMost(never, -500);
  await vi.advanceTimersByTimeAsync(0);
  await waiting;
});
