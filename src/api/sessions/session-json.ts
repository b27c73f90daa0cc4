/** Writes sessions as JSON text, in pieces, since a session may be too large for memory. */
import type { Message, Session, SessionPage } from '../../contract/sessions.ts';
import { partsOf, plainText } from '../../domain/content.ts';
import { ownSessionId } from '../../domain/project.ts';
import type { PlainMessage, WholeSession } from '../../services/sessions/whole-session.ts';

/** The length of a piece in characters. Most sessions fit in one piece, and each piece costs a write. */
const pieceLength = 64 * 1024;

/** How many sessions with lost messages an export names at most. */
const maxNamed = 10_000;

/** Yields the pieces of one session, with all messages. Finally returns whether none of them was lost. */
export function sessionJson(session: WholeSession): AsyncGenerator<string, boolean> {
  return piecesOf(session, session.messages);
}

/** Yields the pieces of one page: the newest `limit` messages before the message with the number `before`. */
export function sessionPageJson(
  session: WholeSession,
  { before, limit }: { before?: number | undefined; limit: number },
): AsyncGenerator<string, boolean> {
  let next: number | null = null;
  const page = async function* (): AsyncGenerator<PlainMessage> {
    let left = limit;
    for await (const message of session.newestFirst(before)) {
      yield message;
      left -= 1;
      if (left > 0) continue;
      next = message.number > 0 ? message.number : null;
      return;
    }
  };
  return piecesOf(
    session,
    page(),
    () => ({ total_messages: session.count, next_before: next }) satisfies Omit<SessionPage, keyof Session>,
  );
}

/** Yields a session with these messages, and with the members that `last` returns after they were sent. */
async function* piecesOf(
  session: WholeSession,
  messages: AsyncIterable<PlainMessage>,
  last: () => object = () => ({}),
): AsyncGenerator<string, boolean> {
  const { sessionId, userId, createdAt, lastActivity, window, metadata } = session;
  const system = await session.system();
  const head = {
    session_id: ownSessionId(sessionId),
    user_id: userId ?? null,
    created_at: createdAt,
    last_activity: lastActivity,
    ...(system !== undefined && { system }),
    ...(window && { window }),
  } satisfies Omit<Session, 'messages' | 'metadata'>;
  let text = `${JSON.stringify(head).slice(0, -1)},"messages":[`;
  let separator = '';
  let whole = true;
  for await (const message of messages) {
    if (message.lost) whole = false;
    text += separator + JSON.stringify(messageToWire(message));
    separator = ',';
    if (text.length < pieceLength) continue;
    yield text;
    text = '';
  }
  yield `${text}],${JSON.stringify({ metadata, ...last() }).slice(1)}`;
  return whole;
}

/** Writes an export of all sessions. Its last member names sessions with lost messages. */
export async function* exportJson(sessions: AsyncIterable<WholeSession>): AsyncGenerator<string> {
  let lead = `{"exported_at":${JSON.stringify(new Date().toISOString())},"sessions":{`;
  let total = 0;
  const incomplete: string[] = [];
  for await (const session of sessions) {
    const own = ownSessionId(session.sessionId);
    yield `${lead}\n${JSON.stringify(own)}:`;
    const whole = yield* sessionJson(session);
    if (!whole && incomplete.length < maxNamed) incomplete.push(own);
    lead = ',';
    total += 1;
  }
  const lost = incomplete.length > 0 ? `,"incomplete_sessions":${JSON.stringify(incomplete)}` : '';
  yield `${total === 0 ? lead : ''}},"total_sessions":${total}${lost}}\n`;
}

function messageToWire(message: PlainMessage): Message {
  const { timestamp, role, content, agent, callId, failed, supersededBy, lost } = message;
  const parts = partsOf(content);
  return {
    timestamp,
    role,
    content: plainText(content),
    ...(parts && { parts: [...parts] }),
    agent: agent ?? null,
    call_id: callId ?? null,
    failed: failed ?? false,
    ...(supersededBy !== undefined && { superseded_by: supersededBy }),
    ...(lost && { lost }),
  };
}
