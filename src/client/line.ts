/** Lets a few through at a time, the others in the order they came. */
export class Line {
  readonly atOnce: number;
  private through = 0;
  private readonly waiting = new Set<() => void>();

  constructor(atOnce: number) {
    this.atOnce = atOnce;
  }

  get length(): number {
    return this.waiting.size;
  }

  get isIdle(): boolean {
    return this.through === 0;
  }

  /** If its turn has not come within `patience.ms`, it does not do the work but throws `patience.lost()`. */
  async pass<T>(work: () => Promise<T>, patience?: { ms: number; lost: () => Error }): Promise<T> {
    if (this.through < this.atOnce) this.through += 1;
    else if (!(await this.wait(patience?.ms)) && patience) throw patience.lost();
    try {
      return await work();
    } finally {
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

  /** Whoever waits longest takes the place. */
  private leave(): void {
    const [next] = this.waiting;
    if (!next) {
      this.through -= 1;
      return;
    }
    this.waiting.delete(next);
    next();
  }
}
