/**
 * Stores texts that are too large for a Temporal payload; implemented by file-store.ts and s3-store.ts. Every method throws
 * `PayloadStoreError` if the store fails. Keys consist of letters, digits, `-`, `_`, `.` and slashes, which are safe on every
 * file system and in every URL.
 */
export interface PayloadStore {
  /** Writes the bytes atomically and resolves when they are durable. Only then may a reference to them be written. */
  write(key: string, bytes: Uint8Array): Promise<void>;
  /**
   * Writes the bytes unless the key exists. If several writers do so concurrently, one of them wins; each must read the key to
   * learn which.
   */
  writeOnce(key: string, bytes: Uint8Array): Promise<void>;
  /**
   * Returns the bytes, or undefined if the key does not exist. The caller must check that they are the bytes that were written.
   */
  read(key: string): Promise<Buffer | undefined>;
  /** Lists all keys that begin with `prefix`, grouped by folder. */
  list(prefix: string): AsyncIterable<StoredPayload>;
  /** Deletes everything below `folder`, which ends with a slash, or one key. */
  deleteAll(folder: string): Promise<void>;
  /** Throws if this many bytes of new work would use up the space that is reserved for calls in flight. */
  requireRoom(bytes: number): Promise<void>;
  /** Writes a few bytes and reads them back. Throws `PayloadStoreUnusable` if the store is set up wrongly. */
  check(): Promise<void>;
}

/** One entry of `list`. */
export interface StoredPayload {
  readonly key: string;
  readonly writtenAt: Date;
}

/** Thrown if the store failed; a retry may succeed. The message contains no content and no secret. */
export class PayloadStoreError extends Error {}

/** Thrown if the store cannot work until somebody changes its permissions, its name or its credentials. */
export class PayloadStoreUnusable extends PayloadStoreError {}

/** Thrown if the store answers but the payload is missing or damaged. No retry brings it back. */
export class PayloadLostError extends Error {
  readonly key: string;

  constructor(key: string, what: 'missing' | 'damaged') {
    super(
      what === 'missing'
        ? `The payload store has no ${key}: it was deleted, or this is another store`
        : `The payload ${key} in the payload store is damaged: its bytes are not those that were written`,
    );
    this.key = key;
  }
}
