/**
 * Stores large texts in the payload store. Each belongs to one owner (a call, a session or a batch) and is deleted with it. A
 * text that several owners need is copied, so that no owner depends on another.
 */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { jsonBytes } from '../domain/json-bytes.ts';
import { charactersIn, type StoredText, type TextReference } from '../domain/stored-text.ts';
import { folderOf, nameOf, ownerNamed, type Owner } from './owners.ts';
import { PayloadLostError, type PayloadStore } from './payload-store.ts';

/** Reads payloads by key. */
export interface PayloadReader {
  /**
   * Reads a payload. Throws `PayloadStoreError` if the store fails and `PayloadLostError` if the payload is missing or damaged.
   */
  read(key: string): Promise<Buffer>;
}

/** The text that people and agents see instead of a lost text. An empty text would look like a complete one. */
export const lostText = '[This text is lost: the payload store no longer holds it as it was written]';

/** Returns the text itself; reads it from the store if `text` is a reference. Throws like `PayloadReader.read`. */
export async function textFrom(payloads: PayloadReader, text: StoredText): Promise<string> {
  return typeof text === 'string' ? text : (await payloads.read(text.ref)).toString('utf8');
}

/** Saves, loads, copies and deletes texts by owner. */
export class TextStore implements PayloadReader {
  private readonly store: PayloadStore;
  private readonly inlineBytes: number;
  private readonly onLost: (lost: PayloadLostError) => void;
  /** The folders whose file `owner` this process has written. */
  private readonly named = new LRUCache<string, true>({ max: 10_000 });

  /**
   * `inlineBytes` is the largest size of a text, as JSON in UTF-8, that is not stored but returned unchanged. `onLost` is
   * called for each read that finds a payload missing or damaged.
   */
  constructor(store: PayloadStore, inlineBytes: number, onLost: (lost: PayloadLostError) => void = ignore) {
    this.store = store;
    this.inlineBytes = inlineBytes;
    this.onLost = onLost;
  }

  /**
   * Stores a large text and returns a reference to it; returns a small text unchanged. The key is a hash of the content, so
   * equal texts of an owner are stored once. Throws `PayloadStoreError`.
   */
  async save(owner: Owner, text: string): Promise<StoredText> {
    return this.isLarge(text) ? this.saveLarge(owner, text) : text;
  }

  /** Stores a text, also a small one. Throws `PayloadStoreError`. */
  async saveLarge(owner: Owner, text: string): Promise<TextReference> {
    const ref = await this.write(owner, Buffer.from(text));
    return { ref, bytes: jsonBytes(text), characters: charactersIn(text) };
  }

  /** Whether `save` stores the text. */
  isLarge(text: string): boolean {
    return jsonBytes(text) > this.inlineBytes;
  }

  /** Like `save`, for new work: also throws `PayloadStoreError` if the text would use up the reserve for calls in flight. */
  async saveNew(owner: Owner, text: string): Promise<StoredText> {
    const bytes = jsonBytes(text);
    if (bytes > this.inlineBytes) await this.requireRoom(bytes);
    return this.save(owner, text);
  }

  /** Throws `PayloadStoreError` if new work of this many bytes must be refused. */
  requireRoom(bytes: number): Promise<void> {
    return this.store.requireRoom(bytes);
  }

  /** Returns the whole text. Throws like `read`. */
  load(text: StoredText): Promise<string> {
    return textFrom(this, text);
  }

  /** Copies a stored text to another owner. A lost text keeps its reference, so that its readers get `PayloadLostError`. */
  async copyTo(owner: Owner, text: StoredText): Promise<StoredText> {
    if (typeof text === 'string' || text.ref.startsWith(folderOf(owner))) return text;
    const bytes = await unlessLost(() => this.read(text.ref));
    return bytes ? { ...text, ref: await this.write(owner, bytes) } : text;
  }

  /** Writes bytes for an owner. Returns their key, which ends with their SHA-256. Throws `PayloadStoreError`. */
  async write(owner: Owner, bytes: Uint8Array): Promise<string> {
    const folder = folderOf(owner);
    if (!this.named.has(folder)) await this.store.write(folder + nameFile, Buffer.from(nameOf(owner)));
    this.named.set(folder, true);
    const key = folder + sha256(bytes);
    await this.store.write(key, bytes);
    return key;
  }

  /** Reads bytes and checks their hash, so that they are returned as they were written. Throws like `PayloadReader.read`. */
  async read(key: string): Promise<Buffer> {
    const bytes = await this.store.read(key);
    if (bytes && key.endsWith(sha256(bytes))) return bytes;
    const lost = new PayloadLostError(key, bytes ? 'damaged' : 'missing');
    this.onLost(lost);
    throw lost;
  }

  /** Deletes everything of an owner. */
  async drop(owner: Owner): Promise<void> {
    this.named.delete(folderOf(owner));
    await this.store.deleteAll(folderOf(owner));
  }

  /** Yields the owners whose texts were all written before `beforeMs` (epoch ms). */
  async *ownersOlderThan(kind: Owner['kind'], beforeMs: number): AsyncGenerator<Owner> {
    let folder = '';
    let old = false;
    for await (const { key, writtenAt } of this.store.list(`${kind}/`)) {
      const its = key.slice(0, key.lastIndexOf('/') + 1);
      if (its !== folder) {
        if (old) yield* this.ownerOf(kind, folder);
        folder = its;
        old = true;
      }
      old &&= writtenAt.getTime() < beforeMs;
    }
    if (old) yield* this.ownerOf(kind, folder);
  }

  private async *ownerOf(kind: Owner['kind'], folder: string): AsyncGenerator<Owner> {
    const name = await this.store.read(folder + nameFile);
    if (!name) return;
    const owner = ownerNamed(kind, name.toString('utf8'));
    // With a damaged name the sweep would not find the owner and would delete texts that are in use.
    if (folderOf(owner) === folder) yield owner;
  }
}

/** The name of the file that holds the owner's id and life. It is written before any other file of the owner. */
const nameFile = 'owner';

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function ignore(): void {
  // The reader gets the error in any case.
}

/** Returns the result of `action`; undefined if it throws `PayloadLostError`. */
export async function unlessLost<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof PayloadLostError) return undefined;
    throw error;
  }
}
