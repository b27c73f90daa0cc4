/**
 * A counting semaphore: first in, first out, with an abortable and bounded wait and a limit that may change while it is
 * in use.
 *
 * Written by hand because no library has all four. `async-sema`, `async-mutex` and `p-limit` cannot abort or time out
 * one waiter. `p-queue` aborts a waiter, but its timeout counts the running time and not the wait, it abandons work that
 * already runs when the signal aborts, its limit must be pushed in after every change, and its current version does not
 * run on Node 20: the code around it would be as long as this file.
 */
export class Semaphore {
  private readonly limit: ConcurrencyLimit;
  private held = 0;
  /** For each waiter, the function that grants it a permit; the longest waiting first. */
  private readonly waiters = new Set<() => void>();

  constructor(limit: ConcurrencyLimit) {
    this.limit = limit;
  }

  /** The current limit of permits. */
  get permits(): number {
    return this.limit.current;
  }

  /** How many callers wait for a permit. */
  get waiting(): number {
    return this.waiters.size;
  }

  /** Whether no permit is held or awaited. */
  get isIdle(): boolean {
    return this.held === 0 && this.waiters.size === 0;
  }

  /** Runs `work` while it holds a permit. Throws what `work` throws, or what `acquire` throws if `work` did not begin. */
  async run<T>(work: () => Promise<T>, wait?: WaitOptions): Promise<T> {
    const release = await this.acquire(wait);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /**
   * Resolves with the function that returns the permit; calling it twice does no harm. Throws the signal's reason if it
   * aborts first, and `PermitTimeout` if no permit came free within `timeoutMs`.
   */
  async acquire({ signal, timeoutMs }: WaitOptions = {}): Promise<Release> {
    signal?.throwIfAborted();
    await this.granted(signal, timeoutMs);
    return this.releaseOnce(performance.now());
  }

  /**
   * Waits until a permit is granted. A free permit is granted in the same way as a released one, so that work begins in the
   * order of arrival.
   */
  private granted(signal: AbortSignal | undefined, timeoutMs: number | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const leave = (): void => {
        this.waiters.delete(grant);
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const grant = (): void => {
        leave();
        resolve();
      };
      const onAbort = (): void => {
        leave();
        reject(signal?.reason as Error);
      };
      const onTimeout = (): void => {
        leave();
        reject(new PermitTimeout(timeoutMs ?? 0));
      };
      this.waiters.add(grant);
      this.grantFree();
      if (!this.waiters.has(grant)) return;
      if (timeoutMs !== undefined) timer = setTimeout(onTimeout, timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  private releaseOnce(acquiredAt: number): Release {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.limit.ended?.(acquiredAt, performance.now());
      this.held -= 1;
      this.grantFree();
    };
  }

  /**
   * Grants free permits to waiters. A permit is counted as held when it is granted, not when the waiter resumes, so no newcomer
   * can take it in between.
   */
  private grantFree(): void {
    for (const grant of this.waiters) {
      if (this.held >= this.limit.current) return;
      this.held += 1;
      grant();
    }
  }
}

/** Returns the permit to the semaphore. */
export type Release = () => void;

/** How to bound the wait for a permit. */
export interface WaitOptions {
  /** Aborting this signal ends the wait. It does not end work that has begun. */
  readonly signal?: AbortSignal;
  /** How long to wait for a permit, in ms. Default: without a limit. */
  readonly timeoutMs?: number;
}

/** How many permits a semaphore has. It reads `current` each time, so the limit may change while it is in use. */
export interface ConcurrencyLimit {
  readonly current: number;
  /** Called when a permit was returned, with the times at which it was acquired and released (`performance.now()`). */
  ended?(acquiredAt: number, releasedAt: number): void;
}

/** Thrown if no permit came free in time. The work did not begin. */
export class PermitTimeout extends Error {
  constructor(timeoutMs: number) {
    super(`No permit came free within ${timeoutMs} ms`);
    this.name = 'PermitTimeout';
  }
}
