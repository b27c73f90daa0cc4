import { getEventListeners } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import { SharedWaits } from '../../src/lib/shared-waits.ts';

/** One wait that was begun, which ends when the test ends it. */
interface Begun {
  readonly signal: AbortSignal;
  resolve(value: number | undefined): void;
  reject(error: Error): void;
}

const rejections = (count: number, reason: Error) =>
  Array.from({ length: count }, () => ({ status: 'rejected', reason }));

describe('shared waits', () => {
  let waits: SharedWaits<number>;
  let begun: Begun[];
  beforeEach(() => {
    waits = new SharedWaits();
    begun = [];
  });

  const begin = (signal: AbortSignal) =>
    new Promise<number | undefined>((resolve, reject) => begun.push({ signal, resolve, reject }));
  const wait = (signal = new AbortController().signal, key = 'a') => waits.wait(key, signal, begin);

  it('are begun once for all who wait for the same, and all get its value', async () => {
    const all = [wait(), wait(), wait()];
    expect(begun).toHaveLength(1);
    begun[0]?.resolve(7);
    expect(await Promise.all(all)).toEqual([7, 7, 7]);
  });

  it('for different things do not share', async () => {
    const one = wait(undefined, 'a');
    const other = wait(undefined, 'b');
    begun[1]?.resolve(2);
    expect(await other).toBe(2);
    expect(begun[0]?.signal.aborted).toBe(false);
    begun[0]?.resolve(1);
    expect(await one).toBe(1);
  });

  it('reject for the one who began; those who came later wait anew, together, since the failure may be older', async () => {
    const all = Promise.allSettled([wait(), wait(), wait()]);
    begun[0]?.reject(new Error('not there yet'));
    await expect.poll(() => begun.length).toBe(2);
    begun[1]?.resolve(7);
    expect(await all).toEqual([
      { status: 'rejected', reason: new Error('not there yet') },
      { status: 'fulfilled', value: 7 },
      { status: 'fulfilled', value: 7 },
    ]);
  });

  it('reject for all if what was begun anew fails as well', async () => {
    const all = Promise.allSettled([wait(), wait(), wait()]);
    begun[0]?.reject(new Error('gone'));
    await expect.poll(() => begun.length).toBe(2);
    begun[1]?.reject(new Error('gone'));
    expect(await all).toEqual(rejections(3, new Error('gone')));
    expect(begun).toHaveLength(2);
  });

  it('go on for the others when one gives up', async () => {
    const leaving = new AbortController();
    const first = wait(leaving.signal);
    const second = wait();
    leaving.abort();
    expect(await first).toBeUndefined();
    expect(begun[0]?.signal.aborted).toBe(false);
    const third = wait();
    expect(begun).toHaveLength(1);
    begun[0]?.resolve(7);
    expect(await Promise.all([second, third])).toEqual([7, 7]);
  });

  it('end when the last one gives up, and a later wait begins anew', async () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const both = [wait(one.signal), wait(other.signal)];
    one.abort();
    other.abort();
    expect(await Promise.all(both)).toEqual([undefined, undefined]);
    expect(begun[0]?.signal.aborted).toBe(true);

    const later = wait();
    expect(begun).toHaveLength(2);
    // The wait that was given up ends only now, which concerns nobody.
    begun[0]?.reject(new Error('aborted'));
    await new Promise((resolve) => setImmediate(resolve));
    const joined = wait();
    expect(begun).toHaveLength(2);
    begun[1]?.resolve(8);
    expect(await Promise.all([later, joined])).toEqual([8, 8]);
  });

  it('go on for somebody who comes at the moment at which the last one gives up', async () => {
    const leaving = new AbortController();
    const first = wait(leaving.signal);
    leaving.abort();
    const second = wait();
    expect(await first).toBeUndefined();
    expect(begun[0]?.signal.aborted).toBe(false);
    begun[0]?.resolve(7);
    expect(await second).toBe(7);
    expect(begun).toHaveLength(1);
  });

  it('begin anew after a value, and after an error', async () => {
    const first = wait();
    begun[0]?.resolve(1);
    expect(await first).toBe(1);
    const second = wait();
    begun[1]?.reject(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    const third = wait();
    begun[2]?.resolve(3);
    expect(await third).toBe(3);
  });

  it('are not begun for somebody who has given up already', async () => {
    expect(await wait(AbortSignal.abort())).toBeUndefined();
    expect(begun).toEqual([]);
  });

  it('leave no listener at a signal that outlives them', async () => {
    const { signal } = new AbortController();
    const ended = wait(signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    begun[0]?.resolve(1);
    await ended;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
