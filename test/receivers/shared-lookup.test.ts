import type { LookupAddress } from 'node:dns';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createSharedLookup } from '../../src/receivers/shared-lookup.ts';

const address = { address: '203.0.113.1', family: 4 };
const unknown = Object.assign(new Error('unknown'), { code: 'ENOTFOUND' });

/** Lookups that go on until they are ended, in the order of their beginning. */
let running: { name: string; end: (error?: Error) => void }[];
let resolve: ReturnType<typeof createSharedLookup>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  running = [];
  resolve = createSharedLookup(
    (name, _options, callback) =>
      running.push({ name, end: (error) => callback(error ?? null, error ? [] : [address]) }),
    15_000,
  );
});
afterEach(() => void vi.useRealTimers());

const look = (name: string): Promise<LookupAddress[] | string> =>
  new Promise((done) => {
    resolve(name, { all: true }, (error, addresses) =>
      done(error ? String((error as { code?: string }).code) : addresses),
    );
  });
const begun = async (): Promise<string[]> => {
  await new Promise((done) => setImmediate(done));
  return running.map(({ name }) => name);
};
const end = (index: number, error?: Error): void => running[index]?.end(error);

test('a name is looked up once for all who ask for it meanwhile, and again for the next', async () => {
  const both = [look('a'), look('a')];
  expect(await begun()).toEqual(['a']);
  end(0);
  expect(await Promise.all(both)).toEqual([[address], [address]]);
  const third = look('a');
  expect(await begun()).toEqual(['a', 'a']);
  end(1);
  await third;
});

test('names whose servers are silent hold one lookup, and one that has resolved does not wait for them', async () => {
  const good = look('good');
  await begun();
  end(0);
  await good;
  void look('silent-1');
  void look('silent-2');
  const again = look('good');
  expect(await begun()).toEqual(['good', 'silent-1', 'good']);
  end(2);
  expect(await again).toEqual([address]);
  void look('another');
  expect(await begun()).toHaveLength(3);
});

test('a failure is remembered for seconds, and longer if it took long', async () => {
  const first = look('a');
  await begun();
  end(0, unknown);
  expect([await first, await look('a')]).toEqual(['ENOTFOUND', 'ENOTFOUND']);
  vi.advanceTimersByTime(5_000);
  const slow = look('a');
  expect(await begun()).toEqual(['a', 'a']);
  vi.advanceTimersByTime(10_000);
  end(1, unknown);
  await slow;
  vi.advanceTimersByTime(34_999);
  expect(await look('a')).toBe('ENOTFOUND');
  vi.advanceTimersByTime(1);
  void look('a');
  expect(await begun()).toHaveLength(3);
});

test('a lookup for which nobody waits any more is not begun, and is no failure of the name', async () => {
  void look('silent');
  const late = look('a');
  await begun();
  vi.advanceTimersByTime(15_001);
  end(0, unknown);
  expect(await late).toBe('EAI_AGAIN');
  void look('a');
  expect(await begun()).toEqual(['silent', 'a']);
});
