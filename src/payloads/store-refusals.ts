/**
 * Large texts for the API: a store that does not answer is the refusal `payload_store_unavailable`, a text that is lost
 * `payload_lost`.
 */
import { Refusal } from '../domain/failures.ts';
import type { StoredText } from '../domain/stored-text.ts';
import { PayloadLostError, PayloadStoreError } from './payload-store.ts';
import type { Owner } from './owners.ts';
import type { Texts } from './texts.ts';

/** Of new work: refused too where the store's reserve is reached. */
export function keepText(texts: Texts, owner: Owner, text: string): Promise<StoredText> {
  return refusing(() => texts.keepNew(owner, text));
}

export function loadText(texts: Texts, text: StoredText): Promise<string> {
  return refusing(() => texts.load(text));
}

export async function refusing<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw asRefusal(error);
  }
}

export function asRefusal(error: unknown): unknown {
  if (error instanceof PayloadLostError) return new Refusal('payload_lost', error.message, { cause: error });
  if (!(error instanceof PayloadStoreError)) return error;
  return new Refusal('payload_store_unavailable', error.message, { retryAfterSeconds: 5, cause: error });
}
