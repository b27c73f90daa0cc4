import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { every } from '../../src/lib/every.ts';

const unexpected = (error: unknown): void => {
  throw error;
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('runs are one interval apart, at most a tenth early or late', async () => {
  const gaps: number[] = [];
  let last = Date.now();
  const stop = every(
    1_000,
    () => {
      gaps.push(Date.now() - last);
      last = Date.now();
      return Promise.resolve();
    },
    unexpected,
  );
  await vi.advanceTimersByTimeAsync(100_000);
  await stop();
  expect(gaps.length).toBeGreaterThan(90);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(900);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(1_100);
  expect(new Set(gaps).size).toBeGreaterThan(1);
});

test('a long run delays the next one: runs never overlap', async () => {
  let release = (): void => undefined;
  const task = vi.fn(() => new Promise<void>((resolve) => (release = resolve)));
  const stop = every(1_000, task, unexpected);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(task).toHaveBeenCalledTimes(1);
  release();
  await vi.advanceTimersByTimeAsync(1_100);
  expect(task).toHaveBeenCalledTimes(2);
  release();
  await stop();
});

test('a run that fails, by a throw or a rejection, is reported and the next one follows', async () => {
  const told: unknown[] = [];
  const failures = [() => Promise.reject(new Error('rejected')), () => unexpected(new Error('thrown'))];
  const task = vi.fn(() => Promise.resolve(failures.shift()?.()));
  const stop = every(1_000, task, (error) => told.push(error));
  await vi.advanceTimersByTimeAsync(5_000);
  await stop();
  expect(told).toEqual([new Error('rejected'), new Error('thrown')]);
  expect(task.mock.calls.length).toBeGreaterThanOrEqual(4);
});

test('stopping waits for a run in flight, and none follows', async () => {
  let release = (): void => undefined;
  const task = vi.fn(() => new Promise<void>((resolve) => (release = resolve)));
  const stop = every(1_000, task, unexpected);
  await vi.advanceTimersByTimeAsync(1_100);
  let stopped = false;
  const stopping = stop().then(() => (stopped = true));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(stopped).toBe(false);
  release();
  await stopping;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(task).toHaveBeenCalledTimes(1);
});

test('a task that is stopped before its first run never runs', async () => {
  const task = vi.fn(() => Promise.resolve());
  await every(1_000, task, unexpected)();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(task).not.toHaveBeenCalled();
});
