/** What a store is called, wherever it is reached: an object in it, written by the first that looks. */
import { randomUUID } from 'node:crypto';
import { PayloadStoreError, type PayloadStore } from './payload-store.ts';

const key = 'store-id';

export async function storeIdOf(store: PayloadStore): Promise<string> {
  const there = await readStoreId(store);
  if (there !== undefined) return there;
  await store.writeOnce(key, Buffer.from(`${randomUUID()}\n`));
  const written = await readStoreId(store);
  if (written === undefined)
    throw new PayloadStoreError(
      `The payload store holds ${key} damaged: put back what it was, or delete it and start a node with HOLDFAST_JOIN=force`,
    );
  return written;
}

/** Undefined: it has none yet. */
export async function readStoreId(store: PayloadStore): Promise<string | undefined> {
  return /^[0-9a-f-]{36}$/.exec((await store.read(key))?.toString().trim() ?? '')?.[0];
}
