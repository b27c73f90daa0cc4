import { expect, it } from 'vitest';
import { startOf, startsBetween, stepFor, stepMs } from '../../src/domain/figures-step.ts';

const at = (time: string): number => Date.parse(`2026-11-30T${time}Z`);

it('an interval begins at a whole minute, ten minutes, hour or day in UTC', () => {
  const ms = at('08:05:07.123');
  expect(startOf('minute', ms)).toBe(at('08:05:00'));
  expect(startOf('ten_minutes', ms)).toBe(at('08:00:00'));
  expect(startOf('ten_minutes', at('08:19:59'))).toBe(at('08:10:00'));
  expect(startOf('hour', ms)).toBe(at('08:00:00'));
  expect(startOf('day', ms)).toBe(at('00:00:00'));
});

it('a range has every interval that it overlaps', () => {
  expect([...startsBetween('hour', at('08:30:00'), at('10:00:00'))]).toEqual([
    at('08:00:00'),
    at('09:00:00'),
  ]);
  expect([...startsBetween('hour', at('08:00:00'), at('08:00:00'))]).toEqual([]);
});

it('a longer range is shown by longer intervals', () => {
  expect(stepFor(stepMs.hour)).toBe('minute');
  expect(stepFor(stepMs.day)).toBe('hour');
  expect(stepFor(90 * stepMs.day)).toBe('day');
});
