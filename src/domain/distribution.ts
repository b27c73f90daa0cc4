/**
 * How durations are distributed, in little room: counts in bins whose width grows with the value (a DDSketch). Distributions can
 * be added up and taken apart again, and a percentile of a sum is as exact as one of its parts.
 */
import { DDSketch } from '@datadog/sketches-js';

/** A percentile differs from the exact one by at most this part of it. */
export const relativeAccuracy = 0.01;
/** Shorter durations count as 0. */
const leastMs = 0.001;

/**
 * A distribution as it is stored: how many durations are 0, then a key and a count for each bin that is not empty. The first key
 * is whole, each other one the difference to the one before. Empty if nothing was counted.
 */
export type PackedDistribution = readonly number[];

export class Distribution {
  private readonly sketch = new DDSketch({ relativeAccuracy });
  private zeros = 0;

  /** How many durations were counted. */
  get count(): number {
    return this.zeros + this.sketch.store.count;
  }

  /** Counts a duration so many times; a negative number takes it out again. */
  add(ms: number, times = 1): void {
    const { mapping, store } = this.sketch;
    if (ms >= leastMs) store.add(mapping.key(ms), times);
    else this.zeros += times;
  }

  /** Adds a stored distribution, or takes it out again. */
  addPacked(packed: PackedDistribution, times: 1 | -1 = 1): void {
    let key = 0;
    for (const [at, number] of packed.entries())
      if (at === 0) this.zeros += number * times;
      else if (at % 2 === 1) key += number;
      else this.sketch.store.add(key, number * times);
  }

  /**
   * Returns the percentile in ms, by nearest rank as `percentile` of percentile.ts does. Undefined if nothing was counted.
   */
  percentile(percent: number): number | undefined {
    const { mapping, store } = this.sketch;
    if (this.count === 0) return undefined;
    const rank = Math.max(1, Math.ceil((percent / 100) * this.count));
    return rank <= this.zeros ? 0 : mapping.value(store.keyAtRank(rank - this.zeros - 1));
  }

  /** The same counts are the same text as JSON, in whatever order they came. */
  pack(): PackedDistribution {
    const { bins, offset } = this.sketch.store;
    const packed: number[] = [];
    let before = 0;
    for (const [index, count] of bins.entries()) {
      if (count <= 0) continue;
      packed.push(index + offset - before, count);
      before = index + offset;
    }
    return this.zeros > 0 || packed.length > 0 ? [this.zeros, ...packed] : [];
  }
}
