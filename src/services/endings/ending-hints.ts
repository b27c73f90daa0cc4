/**
 * What workers know about calls that end, before Temporal lists them as closed. A hint saves the reader of the feed reading the
 * call's history, and says that it is worth looking. It is no proof: the workflow task that gave it may be lost, and the call
 * may then end otherwise.
 *
 * The reader takes the hints of its own process from memory. Other processes write theirs to the payload store, in one file
 * each second in which calls end.
 */
import { randomUUID } from 'node:crypto';
import type { Ending } from '../../domain/ending.ts';
import type { PayloadStore } from '../../payloads/payload-store.ts';

const root = 'endings/hints/';
/** The most hints that wait in memory. The oldest are dropped, because what they say can be read. */
const maxWaiting = 20_000;

export class EndingHints {
  private readonly store: PayloadStore;
  private readonly process = randomUUID();
  private waiting: Ending[] = [];
  private files = 0;
  /** Wakes the reader of the feed. Undefined if it runs in another process. */
  private wake: (() => void) | undefined;

  constructor(store: PayloadStore) {
    this.store = store;
  }

  /** Adds an ending as its workflow reports it. `endedAt` is the time of the report. */
  add(hint: Ending): void {
    this.waiting.push(hint);
    if (this.waiting.length > maxWaiting) this.waiting.splice(0, this.waiting.length - maxWaiting);
    this.wake?.();
  }

  /** Writes the hints for the reader in another process. Does nothing in the reader's process. Throws `PayloadStoreError`. */
  async flush(): Promise<void> {
    if (this.wake || this.waiting.length === 0) return;
    const hints = this.waiting;
    this.waiting = [];
    this.files += 1;
    try {
      await this.store.write(`${root}${this.process}-${this.files}`, Buffer.from(JSON.stringify(hints)));
    } catch (error) {
      this.waiting = [...hints, ...this.waiting].slice(-maxWaiting);
      throw error;
    }
  }

  /** Call this when the reader begins in this process. `wake` is called for each hint. Returns a function for its end. */
  attach(wake: () => void): () => void {
    this.wake = wake;
    return () => {
      if (this.wake === wake) this.wake = undefined; // Otherwise another reader has begun here.
    };
  }

  /** Whether hints of this process wait. */
  get hasOwn(): boolean {
    return this.waiting.length > 0;
  }

  /** Takes the hints of this process. */
  takeOwn(): readonly Ending[] {
    const hints = this.waiting;
    this.waiting = [];
    return hints;
  }

  /** Yields the files of other processes that are not in `known`. Throws `PayloadStoreError`. */
  async *newFiles(known: { has(key: string): boolean }): AsyncGenerator<HintFile> {
    for await (const { key } of this.store.list(root)) {
      if (known.has(key)) continue;
      const bytes = await this.store.read(key);
      yield { key, hints: bytes ? parse(bytes) : [] };
    }
  }

  /** Deletes the files that were written before `beforeMs` (epoch ms), which no reader has taken. Throws `PayloadStoreError`. */
  async sweep(beforeMs: number): Promise<void> {
    for await (const { key, writtenAt } of this.store.list(root))
      if (writtenAt.getTime() < beforeMs) await this.store.deleteAll(key);
  }

  /** Deletes a file whose hints are used. */
  async drop(key: string): Promise<void> {
    await this.store.deleteAll(key);
  }
}

/** One file of hints. */
export interface HintFile {
  readonly key: string;
  readonly hints: readonly Ending[];
}

/** A damaged file is empty, because what it said can be read. */
function parse(bytes: Uint8Array): readonly Ending[] {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as Ending[];
  } catch {
    return [];
  }
}
