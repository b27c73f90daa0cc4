/** Large texts in the payload store, each kept by one owner: what a call or a session leaves goes with it. */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { jsonBytes } from '../domain/json-bytes.ts';
import type { StoredText } from '../domain/stored-text.ts';
import type { PayloadStore } from './payload-store.ts';

export interface Owner {
  readonly kind: 'calls' | 'sessions' | 'batches';
  readonly id: string;
  /** Of a session: another one of its id is another owner. Absent in those of before there were lives. */
  readonly life?: string | undefined;
}

/** Throws `PayloadStoreError` when the store cannot be read just now. */
export interface PayloadReader {
  read(key: string): Promise<Buffer>;
}

export async function textFrom(payloads: PayloadReader, text: StoredText): Promise<string> {
  return typeof text === 'string' ? text : (await payloads.read(text.ref)).toString('utf8');
}

export const callOwner = (id: string): Owner => ({ kind: 'calls', id });
export const batchOwner = (id: string): Owner => ({ kind: 'batches', id });
export const sessionOwner = (id: string, life?: string): Owner => ({ kind: 'sessions', id, life });

export class Texts implements PayloadReader {
  private readonly store: PayloadStore;
  private readonly inlineBytes: number;
  /** Folders that have their name. */
  private readonly named = new LRUCache<string, true>({ max: 10_000 });

  constructor(store: PayloadStore, inlineBytes: number) {
    this.store = store;
    this.inlineBytes = inlineBytes;
  }

  /** Content-addressed: the same text of the same owner is stored once. Throws `PayloadStoreError`. */
  async keep(owner: Owner, text: string): Promise<StoredText> {
    const bytes = jsonBytes(text);
    if (bytes <= this.inlineBytes) return text;
    return { ref: await this.write(owner, Buffer.from(text)), bytes };
  }

  /** Throws `PayloadStoreError` when it cannot be read just now. */
  load(text: StoredText): Promise<string> {
    return textFrom(this, text);
  }

  /** The same text, kept by this owner too. */
  async copyTo(owner: Owner, text: StoredText): Promise<StoredText> {
    if (typeof text === 'string' || text.ref.startsWith(folderOf(owner))) return text;
    return { ref: await this.write(owner, await this.read(text.ref)), bytes: text.bytes };
  }

  async write(owner: Owner, bytes: Uint8Array): Promise<string> {
    const folder = folderOf(owner);
    if (!this.named.has(folder)) await this.store.write(folder + nameFile, Buffer.from(nameOf(owner)));
    this.named.set(folder, true);
    const key = folder + createHash('sha256').update(bytes).digest('hex');
    await this.store.write(key, bytes);
    return key;
  }

  async read(key: string): Promise<Buffer> {
    const bytes = await this.store.read(key);
    if (!bytes) throw new Error(`The payload store has no ${key}: it was deleted, or this is another store`);
    return bytes;
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
    const [id = '', life] = name.toString('utf8').split('\n');
    yield { kind, id, life };
  }
}

/** Holds the owner's name, written before anything else of it. */
const nameFile = 'owner';

/** No id holds a line's end. */
function nameOf({ id, life }: Owner): string {
  return life === undefined ? id : `${id}\n${life}`;
}

/** Ids may hold anything a file name may not. */
function folderOf(owner: Owner): string {
  return `${owner.kind}/${createHash('sha256').update(nameOf(owner)).digest('hex').slice(0, 40)}/`;
}
