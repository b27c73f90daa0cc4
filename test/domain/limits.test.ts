import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mayUse } from '../../src/domain/limits.ts';
import { dayOf, emptyUsage, UsageBook, type UsageReport } from '../../src/domain/usage-book.ts';

test('a single facade keeps to a quota exactly', () => {
  expect(mayUse(3, { before: 0, since: 2 }, 1)).toBe(true);
  expect(mayUse(3, { before: 0, since: 3 }, 1)).toBe(false);
  expect(mayUse(3, { before: 2, since: 1 }, 1)).toBe(false);
  expect(mayUse(3, { before: 5, since: 0 }, 1)).toBe(false);
});

test('facades that learn at the same moments keep to a quota, or take one each', () => {
  const quota = fc.integer({ min: 1, max: 10_000 });
  fc.assert(
    fc.property(quota, fc.integer({ min: 1, max: 20 }), fc.nat(10_000), (most, facades, before) => {
      let since = 0;
      while (mayUse(most, { before, since }, facades)) since += 1;
      expect(before + since * facades).toBeLessThanOrEqual(Math.max(before, most, before + facades));
    }),
  );
});

test('facades that learn at different moments exceed a quota by at most a third, or by one each', () => {
  const facades = fc.integer({ min: 2, max: 8 });
  fc.assert(
    fc.property(
      facades,
      fc.integer({ min: 10, max: 2_000 }),
      fc.infiniteStream(fc.boolean()),
      (count, most, bursts) => {
        const state = Array.from({ length: count }, () => ({ before: 0, since: 0 }));
        let reported = 0;
        // In each round every facade learns once, one after the other, and may use all that it may at any moment.
        const burst = (): void => {
          for (const one of state) if (bursts.next().value) while (mayUse(most, one, count)) one.since += 1;
        };
        for (let round = 0; round < 6; round++)
          for (const one of state) {
            burst();
            reported += one.since;
            Object.assign(one, { before: reported, since: 0 });
          }
        burst();
        const used = reported + state.reduce((sum, { since }) => sum + since, 0);
        expect(used).toBeLessThanOrEqual(most + Math.max(most / 3, count));
      },
    ),
  );
});

test('a facade that takes all requests gets nearly all of a quota, in a few rounds', () => {
  let used = 0;
  for (let round = 0; round < 20; round++) {
    let since = 0;
    while (mayUse(1_000, { before: used, since }, 3)) since += 1;
    used += since;
  }
  expect(used).toBeGreaterThan(990);
  expect(used).toBeLessThanOrEqual(1_000);
});

const minute = 60_000;
const report = (node: string, number: number, more: Partial<UsageReport> = {}): UsageReport => ({
  node,
  number,
  calls: {},
  minute: 1,
  requests: {},
  inFlight: {},
  lastUsed: {},
  ...more,
});

test('what facades report adds up, each report once', () => {
  const book = new UsageBook(emptyUsage);
  const first = report('a', 1, {
    calls: { k: 2 },
    requests: { k: 5 },
    inFlight: { k: 1 },
    lastUsed: { k: 1 },
  });
  book.report(first, minute);
  expect(book.report(first, minute)).toMatchObject({ calls: { k: 2 }, requests: {}, inFlight: {} });
  const other = book.report(report('b', 1, { calls: { k: 1 } }), minute);
  expect(other).toMatchObject({
    calls: { k: 3 },
    requests: { k: 5 },
    inFlight: { k: 1 },
    lastUsed: { k: 1 },
  });
  const next = new UsageBook(book.state());
  expect(next.report(first, minute)).toMatchObject({ calls: { k: 3 } });
});

test('requests are of one minute, calls of one day, and facades that are gone have none in flight', () => {
  const book = new UsageBook(emptyUsage);
  book.report(report('a', 1, { calls: { k: 2 }, requests: { k: 5 }, inFlight: { k: 1 } }), minute);
  expect(book.report(report('b', 1, { minute: 2 }), 2 * minute)).toMatchObject({
    requests: {},
    inFlight: { k: 1 },
  });
  expect(book.report(report('b', 2, { minute: 2 }), 2 * minute + 1)).toMatchObject({ inFlight: {} });
  const tomorrow = book.report(report('b', 3), 86_400_000);
  expect(tomorrow).toMatchObject({ day: '1970-01-02', calls: {} });
  expect(dayOf(0)).toBe('1970-01-01');
});

test('the last use of a key never moves back, and only so many are kept', () => {
  const book = new UsageBook(emptyUsage);
  book.report(report('a', 1, { lastUsed: { k: 7 } }), minute);
  book.report(report('b', 1, { lastUsed: { k: 3 } }), minute);
  expect(book.summary('b', 1, minute).lastUsed).toEqual({ k: 7 });
  const many = Object.fromEntries(Array.from({ length: 4_001 }, (_, index) => [`other ${index}`, 8]));
  book.report(report('a', 2, { lastUsed: many }), minute);
  const { lastUsed } = book.summary('b', 1, minute);
  expect(Object.keys(lastUsed)).toHaveLength(4_000);
  expect(lastUsed).not.toHaveProperty('k');
});

test('the answer to a report has only the keys that were used in the last minutes', () => {
  const book = new UsageBook(emptyUsage);
  const { lastUsed } = book.report(report('a', 1, { lastUsed: { old: 7, recent: 9 } }), 10 * minute);
  expect(lastUsed).toEqual({ recent: 9 });
});

test('of facades that are gone only the number of their last report is kept', () => {
  const book = new UsageBook(emptyUsage);
  for (let index = 0; index <= 501; index++)
    book.report(report(`facade ${index}`, 1, { requests: { k: 1 }, inFlight: { k: 1 } }), minute + index);
  expect(book.state().reports).toHaveLength(500);
  book.report(report('last', 1), 3 * minute);
  expect(book.state().reports.filter(({ inFlight }) => Object.keys(inFlight).length > 0)).toEqual([]);
  expect(book.state().reports[0]).toMatchObject({ node: 'facade 3', number: 1 });
});
