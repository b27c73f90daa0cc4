/** Lets a few through at a time, the others in the order they came. */
export class Line {
  private readonly bound: Bound;
  private through = 0;
  private readonly waiting = new Set<() => void>();

  constructor(bound: Bound) {
    this.bound = bound;
  }

  /** How many it lets through now. */
  get atOnce(): number {
    return this.bound.current;
  }

  get length(): number {
    return this.waiting.size;
  }

  get isIdle(): boolean {
    return this.through === 0;
  }

  /** If its turn has not come within `patience.ms`, it does not do the work but throws `patience.lost()`. */
  async pass<T>(work: () => Promise<T>, patience?: { ms: number; lost: () => Error }): Promise<T> {
    if (this.through < this.bound.current) this.through += 1;
    else if (!(await this.wait(patience?.ms)) && patience) throw patience.lost();
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      this.bound.ended?.(startedAt, performance.now());
      this.leave();
    }
  }

  private wait(patienceMs: number | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const leaveLine = (): void => {
        this.waiting.delete(go);
        resolve(false);
      };
      const timer = patienceMs === undefined ? undefined : setTimeout(leaveLine, patienceMs);
      const go = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      this.waiting.add(go);
    });
  }

  /** Whoever waits longest takes the place; where the bound has grown or shrunk, more do, or nobody. */
  private leave(): void {
    this.through -= 1;
    for (const next of this.waiting) {
      if (this.through >= this.bound.current) return;
      this.through += 1;
      this.waiting.delete(next);
      next();
    }
  }
}

/** How many a line lets through at a time. */
export interface Bound {
  readonly current: number;
  /** Work that was let through has ended, at these times of `performance.now()`. */
  ended?(startedAt: number, endedAt: number): void;
}
