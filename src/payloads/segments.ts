/**
 * Reads and writes a session's older messages in the payload store. They form a chain of segments, each with the key of the one
 * before it.
 */
import type { SessionMessage } from '../domain/message.ts';
import type { OlderMessages, SessionContent, SessionSegment } from '../domain/session.ts';
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
  let before = lost?.count ?? 0;
  if (lost) yield lostMessages(before, createdAt);
  for (const { key, count } of segments) {
    const segment = await unlessLost(() => readSegment(payloads, key));
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
  content: Pick<SessionContent, 'createdAt' | 'older' | 'messages'>,
  before = Infinity,
): AsyncGenerator<NumberedMessage> {
  let hidden: OlderMessages | undefined;
  for await (const { first, messages, older } of partsNewestFirst(payloads, content)) {
    for (const [index, message] of [...messages.entries()].reverse())
      if (first + index < before) yield { number: first + index, message };
    hidden = older;
  }
  if (hidden) yield { number: 0, message: lostMessages(hidden.count, content.createdAt) };
}

/** A part of a session: the messages that its workflow holds, or those of a segment. */
export interface SessionPart extends SessionSegment {
  /** How many messages of the session are before this part. */
  readonly first: number;
}

/**
 * Yields the parts of a session, newest first, with one in memory at a time. A segment that is lost ends them: then the last
 * part names an older one that does not follow. Throws `PayloadStoreError`.
 */
export async function* partsNewestFirst(
  payloads: PayloadReader,
  { older, messages }: SessionSegment,
): AsyncGenerator<SessionPart> {
  let part: SessionSegment | undefined = { messages, ...(older && { older }) };
  while (part) {
    yield { ...part, first: part.older?.count ?? 0 };
    const key: string | undefined = part.older?.key;
    part = key === undefined ? undefined : await unlessLost(() => readSegment(payloads, key));
  }
}

/**
 * Returns references to the chain's segments, oldest first, each with its key and the number of messages up to its end. `lost`
 * refers to a segment that is lost, and with which all messages before its end are unreachable.
 */
export async function chainOf(
  payloads: PayloadReader,
  newest: OlderMessages | undefined,
): Promise<{ segments: OlderMessages[]; lost?: OlderMessages }> {
  const segments: OlderMessages[] = [];
  for (let older = newest; older;) {
    const { key } = older;
    const segment = await unlessLost(() => readSegment(payloads, key));
    if (!segment) return { segments: segments.reverse(), lost: older };
    segments.push(older);
    older = segment.older;
  }
  return { segments: segments.reverse() };
}

function lostMessages(count: number, timestamp: string): SessionMessage {
  const content = `[${count} older messages are lost: the part of the payload store that has them, or leads to them, is missing or damaged]`;
  return { timestamp, role: 'system', content, lost: true };
}

/** Reads a segment. Throws like `PayloadReader.read`. */
export async function readSegment(payloads: PayloadReader, key: string): Promise<SessionSegment> {
  return JSON.parse((await payloads.read(key)).toString('utf8')) as SessionSegment;
}
