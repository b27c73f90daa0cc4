/**
 * A concurrency limit that adapts to how fast the work ends: additive increase, multiplicative decrease (AIMD), like TCP's
 * congestion control.
 */
import type { ConcurrencyLimit } from '../../lib/semaphore.ts';

export interface AdaptiveBoundOptions {
  /** The initial limit, which is also the lowest. If `most` is less, `most` is used. */
  readonly least: number;
  /** The highest limit. */
  readonly most: number;
  /** Work that takes longer than this, in ms, is a sign that too much runs at once. */
  readonly slowMs: number;
}

/** Each piece of work that ends in time raises the limit a little; slow work halves it. */
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

  /**
   * Adapts the limit after a piece of work has ended. Slow work lowers the limit only if it began after the last decrease,
   * because earlier work was slowed by the earlier limit.
   */
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
