/**
 * Converts errors of the payload store to the API's refusals: `payload_store_unavailable` if the store fails,
 * `payload_lost` if a text is missing or damaged.
 */
import { Refusal } from '../domain/failures.ts';
import type { StoredText } from '../domain/stored-text.ts';
import { PayloadLostError, PayloadStoreError } from './payload-store.ts';
import type { Owner } from './owners.ts';
import type { TextStore } from './text-store.ts';

/** Saves a text of new work. Also refused when the store's reserve is reached. */
export function keepText(texts: TextStore, owner: Owner, text: string): Promise<StoredText> {
  return refusing(() => texts.saveNew(owner, text));
}

/** Loads a text. */
export function loadText(texts: TextStore, text: StoredText): Promise<string> {
  return refusing(() => texts.load(text));
}

/** Runs `action` and converts what it throws. */
export async function refusing<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw asRefusal(error);
  }
}

/** The refusal for an error of the payload store; any other error unchanged. */
export function asRefusal(error: unknown): unknown {
  if (error instanceof PayloadLostError) return new Refusal('payload_lost', error.message, { cause: error });
  if (!(error instanceof PayloadStoreError)) return error;
  return new Refusal('payload_store_unavailable', error.message, { retryAfterSeconds: 5, cause: error });
}
