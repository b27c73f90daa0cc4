/** A session with all its messages, including older ones in the payload store: for reads, export and import. */
import { SessionBook } from '../../domain/session-book.ts';
import {
  newSession,
  type SessionContent,
  type SessionLimits,
  type SessionMessage,
  type SessionState,
} from '../../domain/session.ts';
import { textOf, withText } from '../../domain/turn-text.ts';
import { allMessages, storeSegment } from '../../payloads/segments.ts';
import { sessionOwner } from '../../payloads/owners.ts';
import {
  lostText,
  textFrom,
  unlessLost,
  type PayloadReader,
  type TextStore,
} from '../../payloads/text-store.ts';
import { asRefusal } from '../../payloads/store-refusals.ts';

/** A message with its text loaded. */
export interface PlainMessage extends SessionMessage {
  readonly content: string;
}

/** A session that is read. Its messages are loaded one after the other, oldest first. */
export interface WholeSession extends Omit<SessionContent, 'older' | 'messages'> {
  readonly messages: AsyncIterable<PlainMessage>;
}

/** A session that is imported. */
export interface ImportedSession extends Omit<SessionContent, 'older' | 'messages'> {
  readonly messages: readonly PlainMessage[];
}

/** Makes a whole session from its content. Messages are loaded through `payloads`, only as they are read. */
export function wholeSession(payloads: PayloadReader, content: SessionContent): WholeSession {
  return { ...content, messages: plainMessages(payloads, content) };
}

/**
 * Yields the messages with their texts loaded. A message whose text is lost is marked, and the rest follow. Throws the refusal
 * `payload_store_unavailable`.
 */
async function* plainMessages(
  payloads: PayloadReader,
  content: SessionContent,
): AsyncGenerator<PlainMessage> {
  try {
    for await (const message of allMessages(payloads, content)) {
      const text = await unlessLost(() => textFrom(payloads, textOf(message)));
      yield text === undefined ? { ...withText(message, lostText), lost: true } : withText(message, text);
    }
  } catch (error) {
    throw asRefusal(error);
  }
}

/**
 * Makes the state with which an imported session is started. Large texts and older messages are stored where a session of that
 * life would have stored them. Throws `PayloadStoreError`.
 */
export async function stateOf(
  texts: TextStore,
  { messages, ...content }: ImportedSession,
  life: string,
  limits: SessionLimits,
): Promise<SessionState> {
  const { sessionId } = content;
  const owner = sessionOwner(sessionId, life);
  const book = new SessionBook({ ...newSession(sessionId, Date.now()), ...content, life }, limits);
  for (const message of messages) {
    book.append(withText(message, await texts.saveNew(owner, textOf(message))));
    const segment = book.overflow();
    if (!segment) continue;
    await texts.requireRoom(0);
    book.movedOut(segment, await storeSegment(texts, owner, segment));
  }
  return book.state();
}
