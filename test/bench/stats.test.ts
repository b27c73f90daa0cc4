import { describe, expect, it } from 'vitest';
import { bootstrap, figures } from '../../bench/stats.ts';

describe('figures', () => {
  it('are those of the sorted durations, whatever their order', () => {
    const durations = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(figures(durations)).toEqual({ count: 100, p50: 51, p95: 96, p99: 100 });
  });

  it('of nothing are not numbers', () => {
    expect(figures([])).toEqual({ count: 0, p50: Number.NaN, p95: Number.NaN, p99: Number.NaN });
  });
});

describe('the bootstrap interval', () => {
  const rounds = [10, 12, 11, 30];
  const mean = ({ rounds: drawn }: { rounds: readonly number[] }): number =>
    drawn.reduce((sum, index) => sum + (rounds[index] ?? 0), 0) / drawn.length;

  it('holds the figure of all rounds, and reaches as far as they differ', () => {
    const { value, low, high } = bootstrap(rounds.length, mean);
    expect(value).toBe(15.75);
    expect(low).toBeGreaterThanOrEqual(10);
    expect(low).toBeLessThan(12);
    expect(high).toBeGreaterThan(20);
    expect(high).toBeLessThanOrEqual(30);
  });

  it('is the same for the same data', () => {
    expect(bootstrap(rounds.length, mean)).toEqual(bootstrap(rounds.length, mean));
  });

  it('of rounds that are alike is narrow', () => {
    expect(bootstrap(4, () => 2)).toEqual({ value: 2, low: 2, high: 2 });
  });
});
