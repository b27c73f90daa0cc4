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
  /** Whether the reader of the feed runs in this process. */
  private isRead = false;
  private wake: () => void = () => undefined;

  constructor(store: PayloadStore) {
    this.store = store;
  }

  /** Adds an ending as its workflow reports it. `endedAt` is the time of the report. */
  add(hint: Ending): void {
    this.waiting.push(hint);
    if (this.waiting.length > maxWaiting) this.waiting.splice(0, this.waiting.length - maxWaiting);
    this.wake();
  }

  /** Writes the hints for the reader in another process. Does nothing in the reader's process. Throws `PayloadStoreError`. */
  async flush(): Promise<void> {
    if (this.isRead || this.waiting.length === 0) return;
    const hints = this.waiting;
    this.files += 1;
    await this.store.write(`${root}${this.process}-${this.files}`, Buffer.from(JSON.stringify(hints)));
    this.waiting = this.waiting.filter((hint) => !hints.includes(hint));
  }

  /** Call this when the reader begins in this process. `wake` is called for each hint. Returns a function for its end. */
  attach(wake: () => void): () => void {
    this.isRead = true;
    this.wake = wake;
    return () => {
      this.isRead = false;
      this.wake = () => undefined;
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

  /** Returns the files of other processes that are not in `known`. Throws `PayloadStoreError`. */
  async newFiles(known: { has(key: string): boolean }): Promise<HintFile[]> {
    const found: HintFile[] = [];
    for await (const { key } of this.store.list(root)) {
      if (known.has(key)) continue;
      const bytes = await this.store.read(key);
      found.push({ key, hints: bytes ? parse(bytes) : [] });
    }
    return found;
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
