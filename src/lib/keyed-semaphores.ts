import { Semaphore, type Release, type WaitOptions } from './semaphore.ts';

/** One semaphore per key. A key's semaphore exists only while one of its permits is held or awaited. */
export class KeyedSemaphores {
  private readonly entries = new Map<string, { limit: { current: number }; semaphore: Semaphore }>();

  /**
   * Acquires a permit of the key, like `Semaphore.acquire`. The latest `limit` applies to the whole key, including callers that
   * already wait.
   */
  async acquire(key: string, limit: number, wait?: WaitOptions): Promise<Release> {
    const { semaphore } = this.entryOf(key, limit);
    try {
      const release = await semaphore.acquire(wait);
      return () => {
        release();
        this.dropIfIdle(key);
      };
    } catch (error) {
      this.dropIfIdle(key);
      throw error;
    }
  }

  /** Runs `work` while it holds a permit of the key, like `Semaphore.run`. */
  async run<T>(key: string, limit: number, work: () => Promise<T>, wait?: WaitOptions): Promise<T> {
    const release = await this.acquire(key, limit, wait);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /** How many keys have a permit that is held or awaited. */
  get size(): number {
    return this.entries.size;
  }

  private entryOf(key: string, limit: number) {
    let entry = this.entries.get(key);
    if (!entry) {
      const ownLimit = { current: limit };
      entry = { limit: ownLimit, semaphore: new Semaphore(ownLimit) };
      this.entries.set(key, entry);
    }
    entry.limit.current = limit;
    return entry;
  }

  private dropIfIdle(key: string): void {
    if (this.entries.get(key)?.semaphore.isIdle) this.entries.delete(key);
  }
}
