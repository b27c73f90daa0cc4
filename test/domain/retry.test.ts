import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Try } from '../../src/domain/call.ts';
import { errorTypes, failures } from '../../src/domain/failures.ts';
import { eventBackoffMs, mayRetry, retryDelayMs } from '../../src/domain/retry.ts';

const nominalMs = [1_000, 2_000, 4_000, 8_000];
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('the delays are 1, 2, 4, 8, 8... s, each within 10 %, never above 8.8 s', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), random, (tryNumber, chance) => {
      const delay = retryDelayMs(tryNumber, undefined, chance);
      const nominal = nominalMs[tryNumber - 1] ?? 8_000;
      expect(Number.isInteger(delay)).toBe(true);
      expect(delay).toBeGreaterThanOrEqual(0.9 * nominal);
      expect(delay).toBeLessThanOrEqual(1.1 * nominal);
    }),
  );
});

test('the jitter spreads delays evenly over the whole 20 %', () => {
  expect([0, 0.25, 0.5, 0.75].map((chance) => retryDelayMs(1, undefined, chance))).toEqual([
    900, 950, 1_000, 1_050,
  ]);
  expect(retryDelayMs(100, undefined, 1 - Number.EPSILON)).toBe(8_800);
});

test('an agent that asks for a time is asked again after it, at most 10 % later, whatever the try', () => {
  expect([0, 0.5, 1 - Number.EPSILON].map((chance) => retryDelayMs(1, 3_000, chance))).toEqual([
    3_000, 3_150, 3_300,
  ]);
  expect(retryDelayMs(9, 20_000, 0)).toBe(20_000);
  expect(retryDelayMs(1, 0, 0)).toBe(100);
});

const tries = fc
  .array(fc.option(fc.constantFrom(...errorTypes), { nil: undefined }), { maxLength: 5 })
  .map((types) =>
    types.map((errorType, i): Try => {
      const at = new Date(i).toISOString();
      return { attempt: i + 1, latencyMs: 1, at, ...(errorType && { errorType }) };
    }),
  );

test('a failure is retried as its row of the failure table says, whatever earlier tries failed with', () => {
  fc.assert(
    fc.property(fc.constantFrom(...errorTypes), tries, (type, earlier) => {
      const metBefore = earlier.some((one) => one.errorType === type);
      const expected = { yes: true, 'retry-after': true, no: false, once: !metBefore };
      expect(mayRetry(type, earlier)).toBe(expected[failures[type].retry]);
    }),
  );
});

test('an invalid response is retried once, even if another failure came in between', () => {
  const at = new Date(0).toISOString();
  const first: Try = { attempt: 1, errorType: 'invalid_response', latencyMs: 1, at };
  const second: Try = { attempt: 2, errorType: 'timeout', latencyMs: 1, at };
  expect(mayRetry('invalid_response', [second])).toBe(true);
  expect(mayRetry('invalid_response', [first, second])).toBe(false);
});

test('an event is sent again after 5, 10, 20 s and so on up to a quarter of an hour, each within 10 %', () => {
  expect([1, 2, 3, 20].map((tries) => eventBackoffMs(tries, 0.5))).toEqual([5_000, 10_000, 20_000, 900_000]);
  expect(eventBackoffMs(1, 0)).toBe(4_500);
  expect(eventBackoffMs(1, 1)).toBeCloseTo(5_500);
});
