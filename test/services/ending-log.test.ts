import { describe, expect, it, test } from 'vitest';
import { EndingLog, type Segment } from '../../src/services/endings/ending-log.ts';
import { MemoryStore } from '../payloads/memory-store.ts';

const segment = (number: number, fence = 1): Segment => ({ number, fence, at: 1, until: 1, endings: [] });

async function filled(count: number) {
  const store = new MemoryStore();
  const log = new EndingLog(store);
  for (let number = 1; number <= count; number++) await log.append(segment(number));
  return { store, log };
}

test('a number is given once: the second writer learns that it was not the first', async () => {
  const { log } = await filled(3);
  expect(await log.append(segment(4, 1))).toBe(true);
  expect(await log.append(segment(4, 2))).toBe(false);
  // Written again after an answer was lost.
  expect(await log.append(segment(4, 1))).toBe(true);
  expect(await log.read(4)).toEqual(segment(4, 1));
});

test.each([0, 1, 2, 3, 30, 1_000, 2_345])(
  'the newest of %i segments is found from any other',
  async (count) => {
    const { log } = await filled(count);
    for (const known of [0, 1, Math.ceil(count / 2), count - 1, count, count + 5])
      expect(await log.newest(known)).toBe(count);
  },
);

test('from a known segment the newest is found with few reads and no list', async () => {
  const { store, log } = await filled(2_000);
  store.reads.clear();
  await log.newest(100);
  expect([...store.reads.values()].reduce((sum, reads) => sum + reads, 0)).toBeLessThan(30);
});

test('a damaged segment is reported and has no content', async () => {
  const { store } = await filled(2);
  const damaged: string[] = [];
  const log = new EndingLog(store, (key) => damaged.push(key));
  const [key = ''] = store.keys();
  await store.write(key, Buffer.from('half'));
  expect(await log.read(1)).toMatchObject({ number: 1, endings: [] });
  expect(damaged).toEqual([key]);
});

test('a sweep leaves the newest segments, however old they are', async () => {
  const { store, log } = await filled(1_500);
  await log.sweep(Date.now() + 1_000);
  expect([...store.keys()]).toHaveLength(501);
  expect(await log.newest(0)).toBe(1_500);
  expect(await log.read(999)).toBeUndefined();
  await log.sweep(Date.now() - 60_000);
  expect([...store.keys()]).toHaveLength(501);
});

describe('the first segment that may have something since a time', () => {
  const timed = (number: number): Segment => ({ ...segment(number), at: 100_000 * number });

  it('is found by few reads, also among damaged ones and after a sweep', async () => {
    const store = new MemoryStore();
    const log = new EndingLog(store);
    for (let number = 1; number <= 1_500; number++) await log.append(timed(number));
    store.reads.clear();
    expect(await log.firstSince(100_000 * 700)).toBe(700);
    expect([...store.reads.values()].reduce((sum, reads) => sum + reads, 0)).toBeLessThan(50);
    for (const key of [...store.keys()].filter((one) => /75\d$/.test(one)))
      await store.write(key, Buffer.from('half'));
    for (const number of [1, 700, 749, 761, 1_500])
      expect(await log.firstSince(100_000 * number)).toBe(number);
    expect(await log.firstSince(100_000 * 755)).toBe(750); // It may be in any of the damaged ones.
    expect(await log.firstSince(100_000 * 755 + 600_000)).toBe(761);
    await log.sweep(Date.now() + 1_000);
    expect(await log.firstSince(0)).toBe(1_000);
    expect(await log.firstSince(100_000 * 1_600)).toBe(1_501);
  });

  it('counts a call that ended by the clock of another server, and is the next one if there is none', async () => {
    const log = new EndingLog(new MemoryStore());
    expect(await log.firstSince(0)).toBe(1);
    await log.append(timed(1));
    expect(await log.firstSince(105_000)).toBe(1);
    expect(await log.firstSince(105_001)).toBe(2);
  });
});
