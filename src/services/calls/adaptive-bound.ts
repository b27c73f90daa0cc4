/** A concurrency limit that follows how fast the work ends: additive increase, multiplicative decrease, as TCP's. */
import type { ConcurrencyLimit } from '../../lib/semaphore.ts';

export interface AdaptiveBoundOptions {
  /** The limit at the start, and its lower bound. `most` where that is less. */
  readonly least: number;
  readonly most: number;
  /** Work that takes longer, in ms, is slow: too much of it runs at a time. */
  readonly slowMs: number;
}

export class AdaptiveBound implements ConcurrencyLimit {
  private readonly options: AdaptiveBoundOptions;
  private exact: number;
  private loweredAt = -Infinity;

  constructor(options: AdaptiveBoundOptions) {
    this.options = { ...options, least: Math.min(options.least, options.most) };
    this.exact = this.options.least;
  }

  get current(): number {
    return Math.floor(this.exact);
  }

  /** Slow work lowers the limit only if it began after the last decrease: before, the old limit slowed it. */
  ended(startedAt: number, endedAt: number): void {
    const { least, most, slowMs } = this.options;
    if (endedAt - startedAt <= slowMs) {
      this.exact = Math.min(most, this.exact + 1 / this.exact);
    } else if (startedAt >= this.loweredAt) {
      this.exact = Math.max(least, this.exact / 2);
      this.loweredAt = endedAt;
    }
  }
}
