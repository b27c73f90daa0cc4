/**
 * Returns the percentile by nearest rank: the smallest of `values` that is not exceeded by at least `percent` percent of them.
 * Undefined if `values` is empty.
 */
export function percentile(values: readonly number[], percent: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil((percent / 100) * sorted.length)) - 1];
}
