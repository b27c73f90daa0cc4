/** Where texts go that are too large for a Temporal payload. One small interface; file-store.ts and s3-store.ts keep it. */
export interface PayloadStore {
  /** Returns once the bytes are stored whole under the key: a reference to them may be written only then. */
  write(key: string, bytes: Uint8Array): Promise<void>;
  /** Undefined if there is nothing under the key. */
  read(key: string): Promise<Buffer | undefined>;
  /** Every key that begins with `prefix`, those of one folder one after the other. */
  list(prefix: string): AsyncIterable<StoredPayload>;
  /** Everything under `folder`, which ends with a slash, or what is under that one key. */
  deleteAll(folder: string): Promise<void>;
}

/** Keys are letters, digits, `-`, `_`, `.` and slashes: safe on every file system and in every URL. */
export interface StoredPayload {
  readonly key: string;
  readonly writtenAt: Date;
}

/** The store did not do as asked and may do it later. The message holds no content and no secret. */
export class PayloadStoreError extends Error {}
