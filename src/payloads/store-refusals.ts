/**
 * Converts errors of the payload store to the API's refusals: `payload_store_unavailable` if the store fails,
 * `payload_lost` if a text is missing or damaged.
 */
import { Refusal } from '../domain/failures.ts';
import type { StoredText } from '../domain/stored-text.ts';
import { PayloadLostError, PayloadStoreError } from './payload-store.ts';
import type { Owner } from './owners.ts';
import type { TextStore } from './text-store.ts';

/**
 * Saves a text of new work. Throws the refusal `payload_store_unavailable`, also if the text would use up the store's reserve
 * for calls in flight.
 */
export function keepText(texts: TextStore, owner: Owner, text: string): Promise<StoredText> {
  return refusing(() => texts.saveNew(owner, text));
}

/** Loads a text. Throws the refusals `payload_lost` and `payload_store_unavailable`. */
export function loadText(texts: TextStore, text: StoredText): Promise<string> {
  return refusing(() => texts.load(text));
}

/** Runs `action` and converts the errors of the payload store that it throws to refusals. */
export async function refusing<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw asRefusal(error);
  }
}

/** Returns the refusal for an error of the payload store; returns any other error unchanged. */
export function asRefusal(error: unknown): unknown {
  if (error instanceof PayloadLostError) return new Refusal('payload_lost', error.message, { cause: error });
  if (!(error instanceof PayloadStoreError)) return error;
  return new Refusal('payload_store_unavailable', error.message, { retryAfterSeconds: 5, cause: error });
}
