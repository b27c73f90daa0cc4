/** Stores the items of a batch in the payload store, in pages. */
import type { BatchItem } from '../../domain/batch.ts';
import { batchOwner } from '../../payloads/owners.ts';
import type { TextStore } from '../../payloads/text-store.ts';

export const itemsPerPage = 100;

/** Stores a page of items and returns its key. Throws `PayloadStoreError`. */
export async function storeItems(
  texts: TextStore,
  batchId: string,
  items: readonly BatchItem[],
): Promise<string> {
  return texts.write(batchOwner(batchId), Buffer.from(JSON.stringify(items)));
}

/** Loads a page of items. Throws `PayloadLostError` and `PayloadStoreError`. */
export async function loadItems(texts: TextStore, key: string): Promise<readonly BatchItem[]> {
  return JSON.parse((await texts.read(key)).toString('utf8')) as readonly BatchItem[];
}
