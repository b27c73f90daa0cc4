/**
 * The id of a payload store. It is kept in an object of the store itself and identifies the store, whatever path or URL leads
 * to it. The first node that reads it creates it.
 */
import { randomUUID } from 'node:crypto';
import { PayloadStoreError, type PayloadStore } from './payload-store.ts';

const key = 'store-id';

/** Returns the store's id; creates one if the store has none. Throws `PayloadStoreError`. */
export async function storeIdOf(store: PayloadStore): Promise<string> {
  const existing = await readStoreId(store);
  if (existing !== undefined) return existing;
  await store.writeOnce(key, Buffer.from(`${randomUUID()}\n`));
  const written = await readStoreId(store);
  if (written === undefined)
    throw new PayloadStoreError(
      `The object ${key} in the payload store is damaged: restore it, or delete it and start a node with HOLDFAST_JOIN=force`,
    );
  return written;
}

/** Returns the store's id; undefined if the store has none yet, or if the object is damaged. */
export async function readStoreId(store: PayloadStore): Promise<string | undefined> {
  return /^[0-9a-f-]{36}$/.exec((await store.read(key))?.toString().trim() ?? '')?.[0];
}
