import { describe, expect, it } from 'vitest';
import { Line } from '../../src/client/line.ts';

/** Work that lasts until it is let. */
function work() {
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const of = (name: string) => (): Promise<string> =>
    new Promise((resolve, reject) => {
      begun.push(name);
      ends.set(name, (error) => (error ? reject(error) : resolve(name)));
    });
  return { begun, of, end: (name: string, error?: Error) => ends.get(name)?.(error) };
}

describe('a line', () => {
  it('lets a few through at a time, the others in the order they came', async () => {
    const line = new Line({ current: 2 });
    const { begun, of, end } = work();
    const all = ['a', 'b', 'c', 'd'].map((name) => line.pass(of(name)));
    expect([begun, line.length, line.isIdle]).toEqual([['a', 'b'], 2, false]);
    end('b');
    expect(await all[1]).toBe('b');
    await expect.poll(() => begun).toEqual(['a', 'b', 'c']);
    end('c');
    await expect.poll(() => begun).toEqual(['a', 'b', 'c', 'd']);
    end('a');
    end('d');
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
    expect([line.length, line.isIdle]).toEqual([0, true]);
  });

  it('lets the next one through where work fails', async () => {
    const line = new Line({ current: 1 });
    const { begun, of, end } = work();
    const failing = line.pass(of('failing'));
    const next = line.pass(of('next'));
    end('failing', new Error('broken'));
    await expect(failing).rejects.toThrow('broken');
    await expect.poll(() => begun).toEqual(['failing', 'next']);
    end('next');
    expect(await next).toBe('next');
    expect(line.isIdle).toBe(true);
  });

  it('lets go who has waited too long, and nobody waits for them', async () => {
    const line = new Line({ current: 1 });
    const { begun, of, end } = work();
    const first = line.pass(of('first'));
    const impatient = line.pass(of('impatient'), { ms: 1, lost: () => new Error('too long') });
    const patient = line.pass(of('patient'), { ms: 60_000, lost: () => new Error('too long') });
    await expect(impatient).rejects.toThrow('too long');
    expect(line.length).toBe(1);
    end('first');
    await first;
    await expect.poll(() => begun).toEqual(['first', 'patient']);
    end('patient');
    await patient;
    expect(line.isIdle).toBe(true);
  });

  it('lets more or fewer through where its bound has changed', async () => {
    const bound = { current: 1 };
    const line = new Line(bound);
    const { begun, of, end } = work();
    const all = ['a', 'b', 'c', 'd'].map((name) => line.pass(of(name)));
    bound.current = 2;
    end('a');
    await expect.poll(() => begun).toEqual(['a', 'b', 'c']);
    bound.current = 1;
    end('b');
    await all[1];
    expect(begun).toEqual(['a', 'b', 'c']);
    end('c');
    await expect.poll(() => begun).toEqual(['a', 'b', 'c', 'd']);
    end('d');
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
    expect(line.isIdle).toBe(true);
  });
});
