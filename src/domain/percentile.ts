/** Percentile by nearest rank: the smallest value that at least `percent` of `values` do not exceed. Undefined if empty. */
export function percentile(values: readonly number[], percent: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil((percent / 100) * sorted.length)) - 1];
}
