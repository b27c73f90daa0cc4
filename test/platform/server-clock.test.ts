/** How a process estimates the server's clock from a server time between two moments of its own. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inWords, ServerClock, type ServerTime } from '../../src/platform/server-clock.ts';

/** A reading from a server whose clock is ahead by `aheadMs`, within an exchange of this many ms. */
function answer(aheadMs: number, exchangeMs: number, toldAfter: number): ServerTime {
  const before = performance.now();
  const after = before - exchangeMs;
  return { at: Date.now() - exchangeMs * (1 - toldAfter) + aheadMs, after, before };
}

test("the estimate fits the server's time, and a clock without skew is not adjusted", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: -3_600_000, max: 3_600_000 }),
      fc.integer({ min: 1, max: 2_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (aheadMs, exchangeMs, toldAfter) => {
        const clock = new ServerClock(() => Promise.resolve(answer(aheadMs, exchangeMs, toldAfter)));
        await clock.measure();
        const off = clock.skewMs() + aheadMs;
        expect(Math.abs(off)).toBeLessThanOrEqual(exchangeMs + 20);
        if (aheadMs === 0) expect(Math.abs(clock.skewMs())).toBeLessThanOrEqual(2);
      },
    ),
  );
});

test('a shorter exchange makes the estimate more precise, a longer one does not change it', async () => {
  const answers = [answer(-120_000, 1_500, 0), answer(-120_000, 4, 0.5), answer(-120_000, 1_900, 1)];
  const clock = new ServerClock(() => Promise.resolve(answers.shift()));
  await clock.measure();
  await clock.measure();
  expect(Math.abs(clock.skewMs() - 120_000)).toBeLessThan(30);
  await clock.measure();
  expect(Math.abs(clock.skewMs() - 120_000)).toBeLessThan(30);
});

test("without a reading of the server's time, the machine's clock is used", async () => {
  const clock = new ServerClock(() => Promise.resolve(undefined));
  await clock.measure();
  expect(clock.skewMs()).toBe(0);
});

test("a skew is described as the machine's clock being ahead or behind", () => {
  expect([inWords(1_240), inWords(-120_000)]).toEqual(['1.2 s ahead of', '120.0 s behind']);
});
