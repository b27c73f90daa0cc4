/** Decides which texts of an append go to the payload store: large ones, and small ones that are too many for one payload. */
import type { AppendedMessage } from '../../domain/session.ts';
import { jsonBytes } from '../../domain/json-bytes.ts';
import { textOf } from '../../domain/turn-text.ts';
import type { Owner } from '../../payloads/owners.ts';
import type { TextStore } from '../../payloads/text-store.ts';

/** A message to append, with its text. */
export interface PlainAppended extends AppendedMessage {
  readonly content: string;
}

/** The most bytes of texts that Temporal gets in one append. */
const maxInlineBytes = 128 * 1024;

/** Whether some of the texts must be stored. */
export function needStore(texts: TextStore, messages: readonly PlainAppended[]): boolean {
  return placesOf(texts, messages).includes('store');
}

/** Stores the texts that must be. Throws `PayloadStoreError`, also if they would use up the reserve for calls in flight. */
export async function keepAll(
  texts: TextStore,
  owner: Owner,
  messages: readonly PlainAppended[],
): Promise<AppendedMessage[]> {
  const places = placesOf(texts, messages);
  const stored = messages.filter((_, index) => places[index] === 'store');
  if (stored.length > 0)
    await texts.requireRoom(stored.reduce((sum, message) => sum + jsonBytes(textOf(message)), 0));
  const kept: AppendedMessage[] = [];
  for (const [index, message] of messages.entries())
    kept.push(
      places[index] === 'store'
        ? { ...message, content: await texts.saveLarge(owner, textOf(message)) }
        : message,
    );
  return kept;
}

function placesOf(texts: TextStore, messages: readonly PlainAppended[]): ('inline' | 'store')[] {
  let room = maxInlineBytes;
  return messages.map((message) => {
    const bytes = jsonBytes(textOf(message));
    if (texts.isLarge(textOf(message)) || bytes > room) return 'store';
    room -= bytes;
    return 'inline';
  });
}
