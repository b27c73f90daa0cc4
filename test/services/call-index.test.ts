/** The index of endings against a simulated log: built, followed, bounded, dropped; its orders against a plain sort. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Ending } from '../../src/domain/ending.ts';
import { CallIndex } from '../../src/services/call-index/call-index.ts';
import {
  ascending,
  EndingIndex,
  placeOf,
  sorts,
  type IndexedCall,
} from '../../src/services/call-index/ending-index.ts';
import { EndingLog } from '../../src/services/endings/ending-log.ts';
import { MemoryStore } from '../payloads/memory-store.ts';

const ending = (number: number, more: Partial<Ending> = {}): Ending => ({
  callId: `call-${number}`,
  runId: `run-${number}`,
  agent: 'one',
  outcome: 'failed',
  startedAt: number * 10_000,
  endedAt: number * 10_000 + 5_000,
  queuedMs: 0,
  attempts: [],
  ...more,
});

async function logOf(segments: readonly (readonly Ending[])[], first = 1) {
  const store = new MemoryStore();
  const log = new EndingLog(store);
  for (const [index, endings] of segments.entries()) {
    const at = Math.max(0, ...endings.map(({ endedAt }) => endedAt)) + 1;
    await log.append({ number: first + index, fence: 1, at, until: at, endings });
  }
  return { store, log };
}

const indexOf = (log: EndingLog, more: Partial<ConstructorParameters<typeof CallIndex>[0]> = {}) =>
  new CallIndex({ log, maxCalls: 1_000, retentionMs: undefined, now: () => 10_000_000, ...more });

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_none, index) => from + index);

test('all that the log has is in the index, and what is appended later as well', async () => {
  const { log } = await logOf(numbers(1, 40).map((number) => [ending(number)]));
  const index = indexOf(log);
  const first = await index.use();
  expect(first.endings.size).toBe(40);
  expect(first.isBuilt).toBe(true);
  await log.append({ number: 41, fence: 1, at: 900_000, until: 900_000, endings: [ending(41), ending(42)] });
  await expect.poll(async () => (await index.use()).endings.size).toBe(42);
  expect((await index.use()).listedAt).toBe(900_000);
});

test('of a log that is longer than the index the newest endings are kept, and it says since when', async () => {
  const { log } = await logOf(numbers(1, 300).map((number) => [ending(number)]));
  const { endings, since } = await indexOf(log, { maxCalls: 100 }).use();
  expect(endings.size).toBeLessThanOrEqual(100);
  expect(endings.size).toBeGreaterThan(90);
  expect(since).toBeLessThan(3_000_000);
  // All that ended since then are there.
  const covered = numbers(1, 300).filter((number) => ending(number).endedAt >= (since ?? 0));
  expect(covered.length).toBeGreaterThan(80);
  expect(covered.every((number) => endings.get(`call-${number}`, `run-${number}`))).toBe(true);
});

test('an index that was built goes on within its bound while calls end', () => {
  const index = new EndingIndex(100);
  for (const number of numbers(1, 1_000)) index.add([ending(number)]);
  expect(index.size).toBeLessThanOrEqual(100);
  expect([...index.walk('ended', 'desc')][0]?.callId).toBe('call-1000');
  expect(index.droppedUntil).toBeLessThan(Math.min(...[...index.all()].map(({ endedAt = 0 }) => endedAt)));
});

test('a log whose beginning was swept ends the index there', async () => {
  const { log } = await logOf(
    numbers(1, 20).map((number) => [ending(number)]),
    1_500,
  );
  const { endings, isBuilt, since } = await indexOf(log).use();
  expect(endings.size).toBe(20);
  expect(isBuilt).toBe(true);
  expect(since).toBeGreaterThan(15_000);
});

test('a damaged segment is a hole: what is older is found, and not all of it is there', async () => {
  const { store, log } = await logOf(numbers(1, 20).map((number) => [ending(number)]));
  const read = store.read.bind(store);
  const damaged = new Set([8]);
  store.read = async (key) =>
    damaged.has(Number(key.split('/').at(-1))) ? Buffer.from('no gzip') : read(key);
  const index = indexOf(log);
  const built = await index.use();
  expect(built.endings.size).toBe(19);
  expect(built.since).toBeGreaterThan(ending(8).endedAt);
  expect(built.since).toBeLessThanOrEqual(ending(9).endedAt + 6_000);
  damaged.add(21);
  const append = (number: number) =>
    log
      .append({ number, fence: 1, at: number * 10_000, until: number * 10_000, endings: [ending(number)] })
      .catch(() => undefined);
  await append(21);
  await append(22);
  await expect.poll(async () => (await index.use()).endings.size).toBe(20);
  expect((await index.use()).since).toBe(225_000);
});

test('it is dropped when nobody uses it, and built again', async () => {
  const { log } = await logOf([[ending(1)]]);
  const index = indexOf(log, { idleMs: 20 });
  await index.use();
  await expect.poll(() => index.isKept).toBe(false);
  expect((await index.use()).endings.size).toBe(1);
});

test('a store that fails is a refusal, and the next request begins anew', async () => {
  const { store, log } = await logOf([[ending(1)]]);
  const index = indexOf(log);
  const read = store.read.bind(store);
  store.read = () => Promise.reject(new Error('The store is away'));
  await expect(index.use()).rejects.toThrow('The store is away');
  store.read = read;
  expect((await index.use()).endings.size).toBe(1);
});

test('a call that was reset has the ending of its last run, in whatever order they come', () => {
  for (const order of [
    [1, 2],
    [2, 1],
  ] as const) {
    const index = new EndingIndex(10);
    for (const run of order)
      index.add([
        ending(1, {
          runId: `run-${run}`,
          endedAt: 100_000 * run,
          outcome: run === 2 ? 'completed' : 'failed',
        }),
      ]);
    expect([...index.walk('ended', 'asc')].map(({ runId }) => runId)).toEqual(['run-2']);
  }
});

test('a failed call is resolved by a rerun of any depth that was answered, and by no other', () => {
  const index = new EndingIndex(10);
  index.add([ending(1), ending(2, { rerunOf: 'call-1' }), ending(3, { rerunOf: 'call-2' })]);
  expect(index.isResolved('call-1')).toBe(false);
  index.add([ending(4, { rerunOf: 'call-3', outcome: 'completed' })]);
  expect(['call-1', 'call-2', 'call-3', 'call-4'].map((id) => index.isResolved(id))).toEqual([
    true,
    true,
    true,
    false,
  ]);
  index.add([ending(5, { rerunOf: 'call-5' })]);
  expect(index.isResolved('call-5')).toBe(false);
  index.remove({ callId: 'call-4', runId: 'run-4' });
  expect(index.isResolved('call-1')).toBe(false);
});

test('an agent that was passed over was not asked', () => {
  const index = new EndingIndex(10);
  const attempt = { agent: 'one', errorType: 'agent_paused', tries: 0, latencyMs: 0 } as const;
  const attempts = [
    attempt,
    { ...attempt, agent: 'two', tries: 1 },
    { ...attempt, agent: 'three', errorType: 'no_slot' as const },
    { agent: 'four', tries: 1, latencyMs: 1 },
  ];
  index.add([ending(1, { attempts })]);
  expect(index.get('call-1', 'run-1')?.asked).toEqual(['two', 'four']);
});

test('every order is that of a plain sort, from any place, while endings come and go', () => {
  const step = fc.record({
    number: fc.nat(40),
    startedAt: fc.nat(20),
    took: fc.nat(20),
    remove: fc.boolean(),
  });
  const property = (
    steps: readonly { number: number; startedAt: number; took: number; remove: boolean }[],
    from: number,
  ) => {
    const index = new EndingIndex(1_000);
    for (const { number, startedAt, took, remove } of steps) {
      if (remove) index.remove({ callId: `call-${number}`, runId: `run-${number}` });
      else index.add([ending(number, { startedAt, endedAt: startedAt + took })]);
      for (const sort of sorts) {
        const plain: IndexedCall[] = [...index.all()].sort(ascending(sort));
        expect([...index.walk(sort, 'asc')]).toEqual(plain);
        expect([...index.walk(sort, 'desc')]).toEqual(plain.toReversed());
        const at = plain.length === 0 ? undefined : from % plain.length;
        const call = at === undefined ? undefined : plain[at];
        if (!call || at === undefined) continue;
        expect([...index.walk(sort, 'asc', placeOf(sort, call))]).toEqual(plain.slice(at + 1));
        expect([...index.walk(sort, 'desc', placeOf(sort, call))]).toEqual(plain.slice(0, at).reverse());
      }
    }
  };
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), fc.nat(100), property), { numRuns: 60 });
});
