/** Large texts in the payload store, each kept by one owner: what a call or a session leaves goes with it. */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { jsonBytes } from '../domain/json-bytes.ts';
import type { StoredText } from '../domain/stored-text.ts';
import { folderOf, nameOf, ownerNamed, type Owner } from './owners.ts';
import { PayloadLostError, type PayloadStore } from './payload-store.ts';

/** Throws `PayloadStoreError` when the store cannot be read just now, `PayloadLostError` when the payload is lost. */
export interface PayloadReader {
  read(key: string): Promise<Buffer>;
}

/** Stands where a text is lost, for people and agents: an empty text would look whole. */
export const lostText = '[This text is lost: the payload store no longer holds it as it was written]';

export async function textFrom(payloads: PayloadReader, text: StoredText): Promise<string> {
  return typeof text === 'string' ? text : (await payloads.read(text.ref)).toString('utf8');
}

export class Texts implements PayloadReader {
  private readonly store: PayloadStore;
  private readonly inlineBytes: number;
  private readonly tellLost: (lost: PayloadLostError) => void;
  /** Folders that have their name. */
  private readonly named = new LRUCache<string, true>({ max: 10_000 });

  constructor(store: PayloadStore, inlineBytes: number, tellLost: (lost: PayloadLostError) => void = ignore) {
    this.store = store;
    this.inlineBytes = inlineBytes;
    this.tellLost = tellLost;
  }

  /** Content-addressed: the same text of the same owner is stored once. Throws `PayloadStoreError`. */
  async keep(owner: Owner, text: string): Promise<StoredText> {
    const bytes = jsonBytes(text);
    if (bytes <= this.inlineBytes) return text;
    return { ref: await this.write(owner, Buffer.from(text)), bytes };
  }

  /** The same for new work, which is refused in time: room is kept for the work under way. */
  async keepNew(owner: Owner, text: string): Promise<StoredText> {
    const bytes = jsonBytes(text);
    if (bytes > this.inlineBytes) await this.requireRoom(bytes);
    return this.keep(owner, text);
  }

  /** Throws `PayloadStoreError` where new work of so many bytes is to be refused. */
  requireRoom(bytes: number): Promise<void> {
    return this.store.requireRoom(bytes);
  }

  /** Throws as `read` does. */
  load(text: StoredText): Promise<string> {
    return textFrom(this, text);
  }

  /** The same text, kept by this owner too. A lost one stays what it is: its readers are told. */
  async copyTo(owner: Owner, text: StoredText): Promise<StoredText> {
    if (typeof text === 'string' || text.ref.startsWith(folderOf(owner))) return text;
    const bytes = await unlessLost(() => this.read(text.ref));
    return bytes ? { ref: await this.write(owner, bytes), bytes: text.bytes } : text;
  }

  async write(owner: Owner, bytes: Uint8Array): Promise<string> {
    const folder = folderOf(owner);
    if (!this.named.has(folder)) await this.store.write(folder + nameFile, Buffer.from(nameOf(owner)));
    this.named.set(folder, true);
    const key = folder + sha256(bytes);
    await this.store.write(key, bytes);
    return key;
  }

  /** Just the bytes that were written: a disk may have lost or changed them since. Throws as `PayloadReader` says. */
  async read(key: string): Promise<Buffer> {
    const bytes = await this.store.read(key);
    if (bytes && key.endsWith(sha256(bytes))) return bytes;
    const lost = new PayloadLostError(key, bytes ? 'damaged' : 'missing');
    this.tellLost(lost);
    throw lost;
  }

  async drop(owner: Owner): Promise<void> {
    this.named.delete(folderOf(owner));
    await this.store.deleteAll(folderOf(owner));
  }

  /** Owners whose texts were all written before `beforeMs`. */
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
    // By another name, as of a damaged file, it would be looked for in vain and lose what it owns.
    if (folderOf(owner) === folder) yield owner;
  }
}

/** Holds the owner's name, written before anything else of it. */
const nameFile = 'owner';

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function ignore(): void {
  // Its reader is told all the same.
}

/** Undefined if it is lost. */
export async function unlessLost<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof PayloadLostError) return undefined;
    throw error;
  }
}
