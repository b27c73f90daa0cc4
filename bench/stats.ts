import { Random } from '../chaos/random.ts';

/** Statistics of a list of durations, in ms. */
export interface Figures {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export function figures(durations: readonly number[]): Figures {
  const sorted = [...durations].sort((a, b) => a - b);
  const at = (quantile: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? Number.NaN;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

export interface Interval {
  readonly value: number;
  /** Bounds of the 95 % bootstrap interval. */
  readonly low: number;
  readonly high: number;
}

/** The rounds (by index) that a figure is computed from. With `random` the calls within each round are resampled too. */
export interface Sample {
  readonly rounds: readonly number[];
  readonly random?: Random;
}

/**
 * Returns the 95 % bootstrap interval of a figure over `rounds` rounds. It resamples the rounds, the same ones for every row of
 * the figure, because a slow moment affects all rows of a round; then it resamples the calls within them. The same data give
 * the same interval.
 */
export function bootstrap(rounds: number, figure: (sample: Sample) => number, resamples = 1_000): Interval {
  const random = new Random(1);
  const all = Array.from({ length: rounds }, (_, index) => index);
  const values = Array.from({ length: resamples }, () => figure({ rounds: resample(all, random), random }));
  values.sort((a, b) => a - b);
  return {
    value: figure({ rounds: all }),
    low: values[Math.floor(0.025 * resamples)] ?? Number.NaN,
    high: values[Math.min(resamples - 1, Math.floor(0.975 * resamples))] ?? Number.NaN,
  };
}

export function resample<T>(values: readonly T[], random: Random): T[] {
  return values.map(() => random.pick(values));
}
