/** A session's older messages: a chain of segments, each naming the one before it. */
import type { OlderMessages, SessionContent, SessionMessage, SessionSegment } from '../domain/session.ts';
import { sessionOwner, type Texts } from './texts.ts';

export function storeSegment(texts: Texts, sessionId: string, segment: SessionSegment): Promise<string> {
  return texts.write(sessionOwner(sessionId), Buffer.from(JSON.stringify(segment)));
}

/** Every message of the session, oldest first, holding one segment at a time. Throws `PayloadStoreError`. */
export async function* allMessages(
  texts: Texts,
  { older, messages }: Pick<SessionContent, 'older' | 'messages'>,
): AsyncGenerator<SessionMessage> {
  for (const key of await keysOldestFirst(texts, older)) yield* (await read(texts, key)).messages;
  yield* messages;
}

async function keysOldestFirst(texts: Texts, newest: OlderMessages | undefined): Promise<string[]> {
  const keys: string[] = [];
  for (let older = newest; older; older = (await read(texts, older.key)).older) keys.push(older.key);
  return keys.reverse();
}

async function read(texts: Texts, key: string): Promise<SessionSegment> {
  return JSON.parse((await texts.read(key)).toString('utf8')) as SessionSegment;
}
