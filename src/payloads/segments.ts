/** A session's older messages: a chain of segments, each naming the one before it. */
import type { OlderMessages, SessionContent, SessionMessage, SessionSegment } from '../domain/session.ts';
import type { Owner, PayloadReader, Texts } from './texts.ts';

export function storeSegment(texts: Texts, owner: Owner, segment: SessionSegment): Promise<string> {
  return texts.write(owner, Buffer.from(JSON.stringify(segment)));
}

/** Every message of the session, oldest first, holding one segment at a time. Throws `PayloadStoreError`. */
export async function* allMessages(
  payloads: PayloadReader,
  { older, messages }: Pick<SessionContent, 'older' | 'messages'>,
): AsyncGenerator<SessionMessage> {
  for (const key of await keysOldestFirst(payloads, older)) yield* (await read(payloads, key)).messages;
  yield* messages;
}

async function keysOldestFirst(
  payloads: PayloadReader,
  newest: OlderMessages | undefined,
): Promise<string[]> {
  const keys: string[] = [];
  for (let older = newest; older; older = (await read(payloads, older.key)).older) keys.push(older.key);
  return keys.reverse();
}

async function read(payloads: PayloadReader, key: string): Promise<SessionSegment> {
  return JSON.parse((await payloads.read(key)).toString('utf8')) as SessionSegment;
}
