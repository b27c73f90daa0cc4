interface Read<T> {
  readonly running: Promise<T>;
  /** The read that begins once `running` has ended. All callers that arrive while that one runs share it. */
  next?: Promise<T>;
}

/**
 * Coalesces concurrent reads of one key. A caller that arrives while a read is running shares the next read, so no caller gets
 * a value that was read before it asked.
 */
export class CoalescedReads<T> {
  private readonly reads = new Map<string, Read<T>>();

  /**
   * If the running read fails, the callers that wait for the next read are rejected with the same error, and that read does
   * not begin.
   */
  read(key: string, readValue: () => Promise<T>): Promise<T> {
    const earlier = this.reads.get(key);
    if (!earlier) return this.begin(key, readValue);
    return (earlier.next ??= earlier.running.then(() => this.begin(key, readValue)));
  }

  private begin(key: string, readValue: () => Promise<T>): Promise<T> {
    const read: Read<T> = { running: readValue() };
    this.reads.set(key, read);
    const failed = (): void => void this.reads.delete(key);
    const done = (): void => {
      if (!read.next) this.reads.delete(key);
    };
    read.running.then(done, failed);
    return read.running;
  }
}
