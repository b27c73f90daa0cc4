import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { parseRetryAfter, parseRetryAfterMs } from '../../src/domain/retry.ts';
import { anyText } from './support.ts';

const now = Date.UTC(2026, 0, 31, 23, 59, 30);
const padding = fc.constantFrom('', ' ', '\t', '  ');

afterEach(() => {
  vi.unstubAllEnvs();
});

test('a number of seconds is read with or without surrounding white space', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_999 }), padding, (seconds, space) => {
      expect(parseRetryAfter(`${space}${seconds}${space}`, now)).toBe(seconds * 1_000);
    }),
  );
});

test('a number that is too long for a delay, such as an epoch time, is ignored', () => {
  expect(parseRetryAfter('1767225600', now)).toBeUndefined();
});

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** The three forms of RFC 9110 5.6.7: IMF-fixdate, RFC 850, asctime. */
function httpDates(date: Date): string[] {
  const imfFixdate = date.toUTCString();
  const [, day = '', month = '', year = '', time = ''] = imfFixdate.split(/,? /);
  const weekday = days[date.getUTCDay()] ?? '';
  return [
    imfFixdate,
    `${weekday}, ${day}-${month}-${year.slice(2)} ${time} GMT`,
    `${weekday.slice(0, 3)} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`,
  ];
}

test.each(['UTC', 'America/New_York', 'Asia/Kolkata'])(
  'a date in any form of HTTP is UTC, also on a machine in the zone %s',
  (zone) => {
    vi.stubEnv('TZ', zone);
    // Two-digit years mean 1950 to 2049.
    const seconds = fc.integer({ min: 0, max: (Date.UTC(2049, 11, 31) - now) / 1_000 });
    fc.assert(
      fc.property(seconds, (later) => {
        const dates = httpDates(new Date(now + later * 1_000));
        expect(dates.map((date) => parseRetryAfter(date, now))).toEqual(Array(3).fill(later * 1_000));
      }),
    );
  },
);

test('a date in the past means no delay', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: now / 1_000 }), (earlier) => {
      expect(parseRetryAfter(new Date(now - earlier * 1_000).toUTCString(), now)).toBe(0);
    }),
  );
});

test('a date with an explicit time zone is read in that zone', () => {
  expect(parseRetryAfter('Sun, 01 Feb 2026 02:00:00 +0200', now)).toBe(30_000);
});

const almost = fc.oneof(
  anyText,
  fc
    .constantFrom('Sun, ', 'Foo 1', 'May 5', '-1', '1.5', '1e3', '0x10', '1 s', 'soon', '٣', '')
    .chain((text) => fc.constantFrom(text, `${text}:00:00`, `Mon, ${text} 99:99:99 GMT`)),
  fc
    .tuple(fc.constantFrom('Mon, 01 Jan 2026 ', 'Mon, 01 Jan 9999999 '), anyText)
    .map((parts) => parts.join('')),
);

test('any other value neither throws nor results in a negative, invalid or endless delay', () => {
  fc.assert(
    fc.property(almost, fc.integer({ min: 0, max: 2 * now }), (header, at) => {
      const delay = parseRetryAfter(header, at);
      if (delay !== undefined) {
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(delay)).toBe(true);
      }
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  undefined,
  '',
  '  ',
  '-1',
  '1.5',
  '1e3',
  '0x10',
  '10 s',
  'soon',
  'Foo 1',
  'May 5',
  'Sun, 99:99:99 GMT',
])('%j is no delay', (header) => {
  expect(parseRetryAfter(header, now)).toBeUndefined();
});

test('retry-after-ms is a number of ms, rounded up; anything else is ignored', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), padding, (ms, space) => {
      expect(parseRetryAfterMs(`${space}${ms}${space}`)).toBe(ms);
    }),
  );
  expect(parseRetryAfterMs('1500.2')).toBe(1_501);
  for (const header of [undefined, '', ' ', '-1', '1e3', '0x10', 'soon', '1.', '1767225600000.0000000000'])
    expect(parseRetryAfterMs(header)).toBeUndefined();
});
