/** Figures of a list of durations in ms. */
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

export interface Ratio {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** The ratio of two medians with its 95 % bootstrap interval. */
export function ratioOfMedians(over: readonly number[], under: readonly number[], resamples = 1_000): Ratio {
  const ratios = Array.from({ length: resamples }, () => median(resample(over)) / median(resample(under)));
  ratios.sort((a, b) => a - b);
  return {
    ratio: median(over) / median(under),
    low: ratios[Math.floor(0.025 * resamples)] ?? Number.NaN,
    high: ratios[Math.floor(0.975 * resamples)] ?? Number.NaN,
  };
}

function median(values: readonly number[]): number {
  return figures(values).p50;
}

function resample(values: readonly number[]): number[] {
  return values.map(() => values[Math.floor(Math.random() * values.length)] ?? Number.NaN);
}
