import { describe, expect, it } from 'vitest';
import { KeyedSemaphores } from '../../src/lib/keyed-semaphores.ts';
import { PermitTimeout, Semaphore } from '../../src/lib/semaphore.ts';

/** Work that runs until the test ends it. */
function scriptedWork() {
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const work = (name: string) => (): Promise<string> =>
    new Promise((resolve, reject) => {
      begun.push(name);
      ends.set(name, (error) => (error ? reject(error) : resolve(name)));
    });
  return { begun, work, end: (name: string, error?: Error) => ends.get(name)?.(error) };
}

describe('a semaphore', () => {
  it('runs as much work as it has permits, and the rest in the order of arrival', async () => {
    const semaphore = new Semaphore({ current: 2 });
    const { begun, work, end } = scriptedWork();
    const all = ['a', 'b', 'c', 'd'].map((name) => semaphore.run(work(name)));
    await expect.poll(() => begun).toEqual(['a', 'b']);
    expect([semaphore.permits, semaphore.waiting, semaphore.isIdle]).toEqual([2, 2, false]);
    end('b');
    expect(await all[1]).toBe('b');
    await expect.poll(() => begun).toEqual(['a', 'b', 'c']);
    end('c');
    await expect.poll(() => begun).toEqual(['a', 'b', 'c', 'd']);
    end('a');
    end('d');
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
    expect([semaphore.waiting, semaphore.isIdle]).toEqual([0, true]);
  });

  it('grants the permit of work that failed to the next waiter', async () => {
    const semaphore = new Semaphore({ current: 1 });
    const { begun, work, end } = scriptedWork();
    const failing = semaphore.run(work('failing'));
    const next = semaphore.run(work('next'));
    await expect.poll(() => begun).toEqual(['failing']);
    end('failing', new Error('broken'));
    await expect(failing).rejects.toThrow('broken');
    await expect.poll(() => begun).toEqual(['failing', 'next']);
    end('next');
    expect(await next).toBe('next');
    expect(semaphore.isIdle).toBe(true);
  });

  it('hands a released permit to the waiter even if a newcomer asks in the same tick', async () => {
    const semaphore = new Semaphore({ current: 1 });
    const order: string[] = [];
    const enter = async (name: string) => {
      const release = await semaphore.acquire();
      order.push(name);
      return release;
    };
    const first = await enter('first');
    const waiter = enter('waiter');
    first();
    const newcomer = enter('newcomer');
    expect(semaphore.waiting).toBe(1);
    (await waiter)();
    (await newcomer)();
    expect(order).toEqual(['first', 'waiter', 'newcomer']);
    expect(semaphore.isIdle).toBe(true);
  });

  it('rejects a wait that takes too long with PermitTimeout, and grants that waiter no permit', async () => {
    const semaphore = new Semaphore({ current: 1 });
    const { begun, work, end } = scriptedWork();
    const first = semaphore.run(work('first'));
    const impatient = semaphore.run(work('impatient'), { timeoutMs: 1 });
    const patient = semaphore.run(work('patient'), { timeoutMs: 60_000 });
    await expect(impatient).rejects.toThrow(PermitTimeout);
    await expect(impatient).rejects.toThrow('No permit came free within 1 ms');
    expect(semaphore.waiting).toBe(1);
    end('first');
    await first;
    await expect.poll(() => begun).toEqual(['first', 'patient']);
    end('patient');
    await patient;
    expect(semaphore.isIdle).toBe(true);
  });

  it('bounds the wait and not the work', async () => {
    const semaphore = new Semaphore({ current: 1 });
    const { work, end } = scriptedWork();
    const controller = new AbortController();
    const running = semaphore.run(work('long'), { timeoutMs: 1, signal: controller.signal });
    await expect(semaphore.acquire({ timeoutMs: 10 })).rejects.toThrow(PermitTimeout);
    controller.abort(new Error('too late'));
    end('long');
    expect(await running).toBe('long');
  });

  it('rejects with the reason of a signal that aborts during the wait, and grants that waiter no permit', async () => {
    const semaphore = new Semaphore({ current: 1 });
    const release = await semaphore.acquire();
    const controller = new AbortController();
    const leaving = semaphore.acquire({ signal: controller.signal });
    const staying = semaphore.acquire({ signal: new AbortController().signal });
    controller.abort(new Error('called off'));
    await expect(leaving).rejects.toThrow('called off');
    expect(semaphore.waiting).toBe(1);
    release();
    (await staying)();
    expect(semaphore.isIdle).toBe(true);
  });

  it('rejects at once with the reason of a signal that has already aborted, even if a permit is free', async () => {
    const semaphore = new Semaphore({ current: 1 });
    const signal = AbortSignal.abort(new Error('before'));
    await expect(semaphore.acquire({ signal })).rejects.toThrow('before');
    expect(semaphore.isIdle).toBe(true);
  });

  it('counts a permit that is released twice only once', async () => {
    const semaphore = new Semaphore({ current: 1 });
    const release = await semaphore.acquire();
    release();
    release();
    await semaphore.acquire();
    await expect(semaphore.acquire({ timeoutMs: 1 })).rejects.toThrow(PermitTimeout);
  });

  it('follows a limit that grows and shrinks', async () => {
    const limit = { current: 1 };
    const semaphore = new Semaphore(limit);
    const { begun, work, end } = scriptedWork();
    const all = ['a', 'b', 'c', 'd'].map((name) => semaphore.run(work(name)));
    await expect.poll(() => begun).toEqual(['a']);
    limit.current = 2;
    end('a');
    await expect.poll(() => begun).toEqual(['a', 'b', 'c']);
    limit.current = 1;
    end('b');
    await all[1];
    expect(begun).toEqual(['a', 'b', 'c']);
    end('c');
    await expect.poll(() => begun).toEqual(['a', 'b', 'c', 'd']);
    end('d');
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
    expect(semaphore.isIdle).toBe(true);
  });

  it('grants waiters their permits before a newcomer when the limit has grown', async () => {
    const limit = { current: 1 };
    const semaphore = new Semaphore(limit);
    await semaphore.acquire();
    const order: string[] = [];
    const waiter = semaphore.acquire().then(() => order.push('waiter'));
    limit.current = 2;
    const newcomer = semaphore.acquire({ timeoutMs: 1 }).then(() => order.push('newcomer'));
    await waiter;
    await expect(newcomer).rejects.toThrow(PermitTimeout);
    expect(order).toEqual(['waiter']);
  });

  it('reports to its limit when each permit was acquired and released, before it grants the next one', async () => {
    const heard: number[] = [];
    const limit = {
      current: 1,
      ended(acquiredAt: number, releasedAt: number) {
        heard.push(releasedAt - acquiredAt);
        this.current = 2;
      },
    };
    const semaphore = new Semaphore(limit);
    const release = await semaphore.acquire();
    const both = [semaphore.acquire(), semaphore.acquire()];
    release();
    await Promise.all(both);
    expect(heard).toEqual([expect.any(Number)]);
    expect(heard[0]).toBeGreaterThanOrEqual(0);
  });
});

describe('keyed semaphores', () => {
  it('limit each key separately, and keep no key that nobody uses', async () => {
    const slots = new KeyedSemaphores();
    const one = await slots.acquire('one', 1);
    const other = await slots.acquire('other', 1);
    await expect(slots.acquire('one', 1, { timeoutMs: 1 })).rejects.toThrow(PermitTimeout);
    expect(slots.size).toBe(2);
    one();
    other();
    expect(slots.size).toBe(0);
  });

  it('grant waiters their permits as soon as a newcomer passes a larger limit', async () => {
    const slots = new KeyedSemaphores();
    await slots.acquire('agent', 1);
    const waiting = slots.acquire('agent', 1);
    const newcomer = slots.acquire('agent', 3);
    await Promise.all([waiting, newcomer]);
    await expect(slots.acquire('agent', 3, { timeoutMs: 1 })).rejects.toThrow(PermitTimeout);
  });

  it('return the permit of work that failed', async () => {
    const slots = new KeyedSemaphores();
    await expect(slots.run('a', 1, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(slots.size).toBe(0);
  });
});
