/** Decides which texts of an append go to the payload store: large ones, and small ones that are too many for one payload. */
import { replaceTexts, textsIn, type Content } from '../../domain/content.ts';
import { jsonBytes } from '../../domain/json-bytes.ts';
import type { NewMessage } from '../../domain/message.ts';
import type { Owner } from '../../payloads/owners.ts';
import type { TextStore } from '../../payloads/text-store.ts';

/** A message to append, with its texts. */
export interface PlainNewMessage extends NewMessage {
  readonly content: Content<string>;
}

/** The most bytes of texts that Temporal gets in one append. */
const maxInlineBytes = 128 * 1024;

/** Whether some of the texts must be stored. */
export function needStore(texts: TextStore, messages: readonly PlainNewMessage[]): boolean {
  return textsToStore(texts, messages).length > 0;
}

/** Stores the texts that must be. Throws `PayloadStoreError`, also if they would use up the reserve for calls in flight. */
export async function keepAll(
  texts: TextStore,
  owner: Owner,
  messages: readonly PlainNewMessage[],
): Promise<NewMessage[]> {
  const toStore = textsToStore(texts, messages);
  if (toStore.length > 0) await texts.requireRoom(toStore.reduce((sum, text) => sum + jsonBytes(text), 0));
  const isToStore = choice(texts);
  const kept: NewMessage[] = [];
  for (const message of messages) {
    const content = await replaceTexts(message.content, async (text) =>
      isToStore(text) ? texts.saveLarge(owner, text) : text,
    );
    kept.push({ ...message, content });
  }
  return kept;
}

function textsToStore(texts: TextStore, messages: readonly PlainNewMessage[]): string[] {
  return messages.flatMap(({ content }) => textsIn(content)).filter(choice(texts));
}

/** Makes the function that says, for one text of an append after the other, whether it must be stored. */
function choice(texts: TextStore): (text: string) => boolean {
  let room = maxInlineBytes;
  return (text) => {
    const bytes = jsonBytes(text);
    if (texts.isLarge(text) || bytes > room) return true;
    room -= bytes;
    return false;
  };
}
