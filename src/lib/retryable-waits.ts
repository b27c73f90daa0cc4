/** Waits that can be given up from outside, all at once, so that their callers may repeat them. */
export class RetryableWaits {
  /** For each wait in progress, the function that gives it up. */
  private readonly waits = new Set<() => void>();

  /**
   * Settles like `work`. Resolves with undefined as soon as `signal` aborts or `giveUpAll` is called; the work itself
   * continues, and its outcome is ignored. Does not begin the work if the signal has aborted.
   */
  async run<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T | undefined> {
    if (signal?.aborted) return undefined;
    let giveUp = (): void => undefined;
    const givenUp = new Promise<undefined>((resolve) => {
      giveUp = () => resolve(undefined);
    });
    signal?.addEventListener('abort', giveUp, { once: true });
    this.waits.add(giveUp);
    const running = work();
    running.catch(() => undefined); // Once the wait is given up, nobody handles a rejection.
    try {
      return await Promise.race([running, givenUp]);
    } finally {
      signal?.removeEventListener('abort', giveUp);
      this.waits.delete(giveUp);
    }
  }

  /** Gives up every wait in progress. */
  giveUpAll(): void {
    for (const giveUp of [...this.waits]) giveUp();
  }
}
