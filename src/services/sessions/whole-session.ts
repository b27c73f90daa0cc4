/** A session with all its messages, including older ones in the payload store: for reads, export and import. */
import { SessionBook } from '../../domain/session-book.ts';
import type { SessionMessage } from '../../domain/message.ts';
import {
  newSession,
  type SessionContent,
  type SessionLimits,
  type SessionSettings,
  type SessionState,
} from '../../domain/session.ts';
import { replaceTexts, type Content } from '../../domain/content.ts';
import { allMessages, newestFirst, storeSegment } from '../../payloads/segments.ts';
import { sessionOwner } from '../../payloads/owners.ts';
import {
  lostText,
  textFrom,
  unlessLost,
  type PayloadReader,
  type TextStore,
} from '../../payloads/text-store.ts';
import { asRefusal, refusing } from '../../payloads/store-refusals.ts';

/** A message with its texts loaded. */
export interface PlainMessage extends SessionMessage {
  readonly content: Content<string>;
}

/** A session that is read. Its messages are loaded one after the other. */
export interface WholeSession extends Omit<SessionContent, 'older' | 'messages' | 'system'> {
  /** Loads the system prompt; undefined if there is none. Throws the refusal `payload_store_unavailable`. */
  system(): Promise<string | undefined>;
  /** All messages, oldest first. */
  readonly messages: AsyncIterable<PlainMessage>;
  /** How many messages the session has. */
  readonly count: number;
  /**
   * Returns the messages before the message with that number (by default all), newest first. A message's number is how many
   * messages are before it, so it never changes.
   */
  newestFirst(before?: number): AsyncIterable<PlainMessage & { readonly number: number }>;
}

/** A session that is imported. */
export interface ImportedSession extends Omit<SessionContent, 'older' | 'messages'> {
  readonly messages: readonly PlainMessage[];
  readonly system?: string;
}

/** Makes a whole session from its content. Messages are loaded through `payloads`, only as they are read. */
export function wholeSession(payloads: PayloadReader, content: SessionContent): WholeSession {
  return {
    ...content,
    system: () => systemText(payloads, content),
    messages: plainMessages(payloads, content),
    count: (content.older?.count ?? 0) + content.messages.length,
    newestFirst: (before) => plainNewestFirst(payloads, content, before),
  };
}

/** Loads the system prompt; undefined if there is none. Throws the refusal `payload_store_unavailable`. */
export async function systemText(
  payloads: PayloadReader,
  { system }: SessionSettings,
): Promise<string | undefined> {
  if (system === undefined) return undefined;
  return (await refusing(() => unlessLost(() => textFrom(payloads, system)))) ?? lostText;
}

/** Yields all messages with their texts, oldest first. Throws the refusal `payload_store_unavailable`. */
async function* plainMessages(
  payloads: PayloadReader,
  content: SessionContent,
): AsyncGenerator<PlainMessage> {
  try {
    for await (const message of allMessages(payloads, content)) yield await withItsTexts(payloads, message);
  } catch (error) {
    throw asRefusal(error);
  }
}

/** Yields messages with their texts and numbers, newest first. Throws the refusal `payload_store_unavailable`. */
async function* plainNewestFirst(
  payloads: PayloadReader,
  content: SessionContent,
  before?: number,
): AsyncGenerator<PlainMessage & { readonly number: number }> {
  try {
    for await (const { number, message } of newestFirst(payloads, content, before))
      yield { ...(await withItsTexts(payloads, message)), number };
  } catch (error) {
    throw asRefusal(error);
  }
}

/** Loads the texts of a message. If one is lost, the message is marked. */
async function withItsTexts(payloads: PayloadReader, message: SessionMessage): Promise<PlainMessage> {
  let lost = message.lost;
  const content = await replaceTexts(message.content, async (text) => {
    const loaded = await unlessLost(() => textFrom(payloads, text));
    if (loaded === undefined) lost = true;
    return loaded ?? lostText;
  });
  return { ...message, content, ...(lost && { lost }) };
}

/**
 * Makes the state with which an imported session is started. Large texts and older messages are stored where a session of that
 * life would have stored them. Throws `PayloadStoreError`.
 */
export async function stateOf(
  texts: TextStore,
  { messages, system, ...content }: ImportedSession,
  life: string,
  limits: SessionLimits,
): Promise<SessionState> {
  const { sessionId } = content;
  const owner = sessionOwner(sessionId, life);
  const kept = system === undefined ? {} : { system: await texts.saveNew(owner, system) };
  const book = new SessionBook(
    { ...newSession(sessionId, Date.now()), ...content, ...kept, life, wanted: true },
    limits,
  );
  for (const message of messages) {
    const saved = await replaceTexts(message.content, (text) => texts.saveNew(owner, text));
    book.append({ ...message, content: saved });
    const segment = book.overflow();
    if (!segment) continue;
    await texts.requireRoom(0);
    book.movedOut(segment, await storeSegment(texts, owner, segment));
  }
  return book.state();
}
