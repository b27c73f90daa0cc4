/** A session with all its messages, wherever they are: read one after the other, and taken over from elsewhere. */
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

export interface PlainMessage extends SessionMessage {
  readonly content: string;
}

export interface WholeSession extends Omit<SessionContent, 'older' | 'messages'> {
  readonly messages: AsyncIterable<PlainMessage>;
}

export interface ImportedSession extends Omit<SessionContent, 'older' | 'messages'> {
  readonly messages: readonly PlainMessage[];
}

export function wholeSession(payloads: PayloadReader, content: SessionContent): WholeSession {
  return { ...content, messages: plainMessages(payloads, content) };
}

/** What is lost is marked, and the rest is told. Throws the refusal `payload_store_unavailable`. */
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

/** Large texts and old messages go where a session of that life would have put them. */
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
