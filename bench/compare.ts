/** An earlier run beside this one, by what can be compared across runs: ratios to the floor, and exact counts. */
import { rowOf, type Results, type RowResult } from './results.ts';
import type { Grid } from './tables.ts';

export function comparison(now: Results, before: Results): Grid {
  return {
    head: ['then and now', 'p50 to the floor', 'calls/s to the floor', 'events', 'p50 changed'],
    lines: now.rows.flatMap((row) => {
      const earlier = rowOf(before, row.name);
      return earlier ? [[row.name, ...changes(earlier, row)]] : [];
    }),
  };
}

function changes(earlier: RowResult, row: RowResult): string[] {
  const both = (of: (row: RowResult) => number | undefined, digits: number): string =>
    [of(earlier), of(row)].map((value) => value?.toFixed(digits) ?? '-').join(' → ');
  const [then, today] = [earlier.toFloor?.p50, row.toFloor?.p50];
  const apart = then && today && (today.low > then.high || today.high < then.low);
  const factor = then && today ? today.ratio / then.ratio : NaN;
  return [
    both((one) => one.toFloor?.p50.ratio, 2),
    both((one) => one.toFloor?.callsPerSecond.ratio, 2),
    both((one) => one.shape?.events, 0),
    apart ? `${((factor - 1) * 100).toFixed(0)} %` : 'within the intervals',
  ];
}
