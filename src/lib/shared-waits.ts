/** Lets everybody who waits for the same thing share one wait. The wait ends with the last waiter. */

interface SharedWait<T> {
  readonly controller: AbortController;
  readonly outcome: Promise<T | undefined>;
  waiters: number;
}

export class SharedWaits<T> {
  private readonly waits = new Map<string, SharedWait<T>>();

  /**
   * Settles like the wait for `key`, which `begin` begins unless it is in progress. Resolves with undefined as soon as `signal`
   * aborts. The signal that `begin` gets aborts when nobody waits any more. A failure of a wait that was in progress may be
   * older than this waiter, for example that the call did not exist, so the waiter then waits anew.
   */
  async wait(
    key: string,
    signal: AbortSignal,
    begin: (signal: AbortSignal) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    if (signal.aborted) return undefined;
    const earlier = this.waits.get(key);
    if (earlier)
      try {
        return await this.join(key, earlier, signal);
      } catch {
        // The next wait begins after this waiter came, whoever begins it.
        if (signal.aborted as boolean) return undefined;
      }
    return this.join(key, this.waits.get(key) ?? this.begin(key, begin), signal);
  }

  private async join(key: string, wait: SharedWait<T>, signal: AbortSignal): Promise<T | undefined> {
    let onAbort = (): void => undefined;
    const aborted = new Promise<undefined>((resolve) => {
      onAbort = () => resolve(undefined);
    });
    signal.addEventListener('abort', onAbort, { once: true });
    wait.waiters += 1;
    try {
      return await Promise.race([wait.outcome, aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      wait.waiters -= 1;
      if (wait.waiters === 0) this.end(key, wait);
    }
  }

  private begin(key: string, begin: (signal: AbortSignal) => Promise<T | undefined>): SharedWait<T> {
    const controller = new AbortController();
    const wait: SharedWait<T> = { controller, outcome: begin(controller.signal), waiters: 0 };
    this.waits.set(key, wait);
    const over = (): void => this.forget(key, wait);
    wait.outcome.then(over, over);
    return wait;
  }

  private end(key: string, wait: SharedWait<T>): void {
    wait.controller.abort();
    this.forget(key, wait);
  }

  private forget(key: string, wait: SharedWait<T>): void {
    if (this.waits.get(key) === wait) this.waits.delete(key);
  }
}
