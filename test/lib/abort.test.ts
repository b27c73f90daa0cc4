/** Waits that an AbortSignal ends. */
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { delay } from '../../src/lib/delay.ts';
import { untilAborted } from '../../src/lib/until-aborted.ts';

describe('a delay', () => {
  it('resolves after its time and leaves no listener at the signal', async () => {
    const { signal } = new AbortController();
    const begunAt = performance.now();
    await delay(20, signal);
    expect(performance.now() - begunAt).toBeGreaterThanOrEqual(19);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('resolves as soon as the signal aborts', async () => {
    const controller = new AbortController();
    const waiting = delay(1_000_000, controller.signal);
    controller.abort(new Error('enough'));
    await waiting;
  });

  it('resolves at once if the signal has aborted, or if there is nothing to wait for', async () => {
    await delay(1_000_000, AbortSignal.abort());
    await delay(0);
    await delay(-1_000);
  });
});

describe('work until a signal aborts', () => {
  it('settles as the work does and leaves no listener at the signal', async () => {
    const { signal } = new AbortController();
    expect(await untilAborted(signal, Promise.resolve('done'))).toBe('done');
    await expect(untilAborted(signal, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('rejects with the reason of a signal that aborts, or has aborted', async () => {
    const controller = new AbortController();
    const waiting = untilAborted(controller.signal, new Promise(() => undefined));
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(untilAborted(controller.signal, new Promise(() => undefined))).rejects.toThrow('enough');
  });
});
