import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withTimeLimit } from '../../src/lib/time-limit.ts';

const never = new Promise<string>(() => undefined);

describe('a time limit', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0); // A timer that is left would delay the end of the process.
    vi.useRealTimers();
  });

  it('resolves with what onTimeout returns once the time is up, and not before', async () => {
    let outcome: string | undefined;
    const waiting = withTimeLimit(never, 1_000, () => 'late').then((value) => (outcome = value));
    await vi.advanceTimersByTimeAsync(999);
    expect(outcome).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(await waiting).toBe('late');
  });

  it('rejects with what onTimeout throws once the time is up', async () => {
    const waiting = withTimeLimit(never, 1_000, () => {
      throw new Error('no answer');
    });
    const rejected = expect(waiting).rejects.toThrow('no answer');
    await vi.advanceTimersByTimeAsync(1_000);
    await rejected;
  });

  it('resolves as soon as the work does', async () => {
    expect(await withTimeLimit(Promise.resolve('done'), 1_000_000, () => 'late')).toBe('done');
  });

  it('rejects as soon as the work does', async () => {
    const failing = Promise.reject<string>(new Error('broken'));
    await expect(withTimeLimit(failing, 1_000_000, () => 'late')).rejects.toThrow('broken');
  });

  it('leaves no unhandled rejection if the work fails after the time is up', async () => {
    let fail: (error: Error) => void = () => undefined;
    const work = new Promise<string>((_resolve, reject) => (fail = reject));
    const waiting = withTimeLimit(work, 1_000, () => 'late');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waiting).toBe('late');
    fail(new Error('too late'));
  });

  it('treats a negative time as zero', async () => {
    const waiting = withTimeLimit(never, -500, () => 'late');
    await vi.advanceTimersByTimeAsync(0);
    expect(await waiting).toBe('late');
  });
});
