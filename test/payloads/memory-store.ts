import type { PayloadStore, StoredPayload } from '../../src/payloads/payload-store.ts';

/** A payload store in memory that counts its reads, for tests of what is read and written. */
export class MemoryStore implements PayloadStore {
  /** How often each key was read. */
  readonly reads = new Map<string, number>();
  private readonly files = new Map<string, Buffer>();

  keys(): IterableIterator<string> {
    return this.files.keys();
  }

  write(key: string, bytes: Uint8Array): Promise<void> {
    this.files.set(key, Buffer.from(bytes));
    return Promise.resolve();
  }

  async writeOnce(key: string, bytes: Uint8Array): Promise<void> {
    if (!this.files.has(key)) await this.write(key, bytes);
  }

  read(key: string): Promise<Buffer | undefined> {
    this.reads.set(key, (this.reads.get(key) ?? 0) + 1);
    return Promise.resolve(this.files.get(key));
  }

  async *list(prefix: string): AsyncGenerator<StoredPayload> {
    for (const key of [...this.files.keys()].sort())
      if (key.startsWith(prefix)) yield await Promise.resolve({ key, writtenAt: new Date() });
  }

  deleteAll(folder: string): Promise<void> {
    for (const key of this.files.keys()) if (key.startsWith(folder)) this.files.delete(key);
    return Promise.resolve();
  }

  requireRoom(): Promise<void> {
    return Promise.resolve();
  }

  check(): Promise<void> {
    return Promise.resolve();
  }
}
