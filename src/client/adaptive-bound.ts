/** A concurrency limit that follows how fast the work ends: additive increase, multiplicative decrease, as TCP's. */
import type { ConcurrencyLimit } from '../lib/semaphore.ts';

export interface AdaptiveBoundOptions {
  /** It begins with so many and never falls below; `most` where that is less. */
  readonly least: number;
  readonly most: number;
  /** Work that takes longer means that too much runs at a time. */
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

  /** All that began before the last decrease was slowed by the same crowd: it is answered by one decrease. */
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
