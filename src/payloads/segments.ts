/**
 * Reads and writes a session's older messages in the payload store. They form a chain of segments, each with the key of the one
 * before it.
 */
import type { OlderMessages, SessionContent, SessionMessage, SessionSegment } from '../domain/session.ts';
import type { Owner } from './owners.ts';
import { unlessLost, type PayloadReader, type TextStore } from './text-store.ts';

/** Writes a segment. Returns its key. Throws `PayloadStoreError`. */
export function storeSegment(texts: TextStore, owner: Owner, segment: SessionSegment): Promise<string> {
  return texts.write(owner, Buffer.from(JSON.stringify(segment)));
}

/**
 * Yields all messages of the session, oldest first, with one segment in memory at a time. If a segment is lost, one notice
 * replaces its messages; if that breaks the chain, it replaces all earlier messages too. Throws `PayloadStoreError`.
 */
export async function* allMessages(
  payloads: PayloadReader,
  { createdAt, older, messages }: Pick<SessionContent, 'createdAt' | 'older' | 'messages'>,
): AsyncGenerator<SessionMessage> {
  const { segments, lost } = await chainOf(payloads, older);
  if (lost > 0) yield lostMessages(lost, createdAt);
  let before = lost;
  for (const { key, count } of segments) {
    const segment = await unlessLost(() => read(payloads, key));
    if (segment) yield* segment.messages;
    else yield lostMessages(count - before, createdAt);
    before = count;
  }
  yield* messages;
}

/** A message with its number: how many messages of the session are before it. */
export interface NumberedMessage {
  readonly number: number;
  readonly message: SessionMessage;
}

/**
 * Yields the session's messages before the message `before`, newest first, with one segment in memory at a time. A segment that
 * is lost also hides all messages before it; one notice, with the number 0, replaces them. Throws `PayloadStoreError`.
 */
export async function* newestFirst(
  payloads: PayloadReader,
  { createdAt, older, messages }: Pick<SessionContent, 'createdAt' | 'older' | 'messages'>,
  before = Infinity,
): AsyncGenerator<NumberedMessage> {
  let part: SessionSegment = { messages, ...(older && { older }) };
  for (;;) {
    const first = part.older?.count ?? 0;
    for (const [index, message] of [...part.messages.entries()].reverse())
      if (first + index < before) yield { number: first + index, message };
    if (!part.older) return;
    const { key, count } = part.older;
    const segment = await unlessLost(() => read(payloads, key));
    if (!segment) {
      yield { number: 0, message: lostMessages(count, createdAt) };
      return;
    }
    part = segment;
  }
}

/**
 * Returns references to the chain's segments, oldest first, each with its key and the number of messages up to its end. `lost`
 * is the number of earlier messages that are unreachable because the chain is broken.
 */
async function chainOf(
  payloads: PayloadReader,
  newest: OlderMessages | undefined,
): Promise<{ segments: OlderMessages[]; lost: number }> {
  const segments: OlderMessages[] = [];
  for (let older = newest; older;) {
    const { key, count } = older;
    const segment = await unlessLost(() => read(payloads, key));
    if (!segment) return { segments: segments.reverse(), lost: count };
    segments.push(older);
    older = segment.older;
  }
  return { segments: segments.reverse(), lost: 0 };
}

function lostMessages(count: number, timestamp: string): SessionMessage {
  const content = `[${count} older messages are lost: the part of the payload store that has them, or leads to them, is missing or damaged]`;
  return { timestamp, role: 'system', content, lost: true };
}

async function read(payloads: PayloadReader, key: string): Promise<SessionSegment> {
  return JSON.parse((await payloads.read(key)).toString('utf8')) as SessionSegment;
}
