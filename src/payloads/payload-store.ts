/** Where texts go that are too large for a Temporal payload. One small interface; file-store.ts and s3-store.ts keep it. */
export interface PayloadStore {
  /** Returns once the bytes are stored whole under the key: a reference to them may be written only then. */
  write(key: string, bytes: Uint8Array): Promise<void>;
  /** Where there is something under the key already, that stays. Of several at once one's bytes are stored: each reads which. */
  writeOnce(key: string, bytes: Uint8Array): Promise<void>;
  /** Undefined if there is nothing under the key. Whether the bytes are those that were written is the reader's to check. */
  read(key: string): Promise<Buffer | undefined>;
  /** Every key that begins with `prefix`, those of one folder one after the other. */
  list(prefix: string): AsyncIterable<StoredPayload>;
  /** Everything under `folder`, which ends with a slash, or what is under that one key. */
  deleteAll(folder: string): Promise<void>;
  /** Throws where so many bytes of new work would take what is kept free for the work under way. */
  requireRoom(bytes: number): Promise<void>;
  /** Writes a little and reads it. Throws `PayloadStoreUnusable` where it can never work as it is set up. */
  check(): Promise<void>;
}

/** Keys are letters, digits, `-`, `_`, `.` and slashes: safe on every file system and in every URL. */
export interface StoredPayload {
  readonly key: string;
  readonly writtenAt: Date;
}

/** The store did not do as asked and may do it later. The message holds no content and no secret. */
export class PayloadStoreError extends Error {}

/** Somebody must change something first: its rights, its name, its credentials. */
export class PayloadStoreUnusable extends PayloadStoreError {}

/** The store answers, and what was stored is gone or is not what was stored: no later try brings it back. */
export class PayloadLostError extends Error {
  readonly key: string;

  constructor(key: string, what: 'missing' | 'damaged') {
    super(
      what === 'missing'
        ? `The payload store has no ${key}: it was deleted, or this is another store`
        : `The payload store holds ${key} damaged: it is not what was written`,
    );
    this.key = key;
  }
}
