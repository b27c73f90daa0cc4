/** Writes sessions as JSON text, in pieces, since a session may be too large for memory. */
import type { Message, Session } from '../../contract/sessions.ts';
import { textOf } from '../../domain/turn-text.ts';
import type { PlainMessage, WholeSession } from '../../services/sessions/whole-session.ts';

/** The length of a piece in characters. Most sessions fit in one piece, and each piece costs a write. */
const pieceLength = 64 * 1024;

/** How many sessions with lost messages an export names at most. */
const maxNamed = 10_000;

/** Yields the pieces of one session. Finally returns whether none of its messages was lost. */
export async function* sessionJson(session: WholeSession): AsyncGenerator<string, boolean> {
  const { sessionId, userId, createdAt, lastActivity, messages, metadata } = session;
  const head = {
    session_id: sessionId,
    user_id: userId ?? null,
    created_at: createdAt,
    last_activity: lastActivity,
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
  yield `${text}],"metadata":${JSON.stringify(metadata)}}`;
  return whole;
}

/** Writes an export of all sessions. Its last member names sessions with lost messages. */
export async function* exportJson(sessions: AsyncIterable<WholeSession>): AsyncGenerator<string> {
  let lead = `{"exported_at":${JSON.stringify(new Date().toISOString())},"sessions":{`;
  let total = 0;
  const incomplete: string[] = [];
  for await (const session of sessions) {
    yield `${lead}\n${JSON.stringify(session.sessionId)}:`;
    const whole = yield* sessionJson(session);
    if (!whole && incomplete.length < maxNamed) incomplete.push(session.sessionId);
    lead = ',';
    total += 1;
  }
  const lost = incomplete.length > 0 ? `,"incomplete_sessions":${JSON.stringify(incomplete)}` : '';
  yield `${total === 0 ? lead : ''}},"total_sessions":${total}${lost}}\n`;
}

function messageToWire(message: PlainMessage): Message {
  const { timestamp, role, agent, callId, failed, lost } = message;
  return {
    timestamp,
    role,
    content: textOf(message),
    agent: agent ?? null,
    call_id: callId ?? null,
    failed: failed ?? false,
    ...(lost && { lost }),
  };
}
