/** Sessions as JSON text, piece by piece: one may be larger than memory should hold. */
import type { PlainMessage, WholeSession } from '../client/whole-session.ts';

/** Most sessions are one piece; each piece costs a write. */
const pieceLength = 64 * 1024;

export async function* sessionJson(session: WholeSession): AsyncGenerator<string> {
  const { sessionId, userId, createdAt, lastActivity, messages, metadata } = session;
  const head = {
    session_id: sessionId,
    user_id: userId ?? null,
    created_at: createdAt,
    last_activity: lastActivity,
  };
  let text = `${JSON.stringify(head).slice(0, -1)},"messages":[`;
  let separator = '';
  for await (const message of messages) {
    text += separator + JSON.stringify(messageToWire(message));
    separator = ',';
    if (text.length < pieceLength) continue;
    yield text;
    text = '';
  }
  yield `${text}],"metadata":${JSON.stringify(metadata)}}`;
}

export async function* exportJson(sessions: AsyncIterable<WholeSession>): AsyncGenerator<string> {
  let lead = `{"exported_at":${JSON.stringify(new Date().toISOString())},"sessions":{`;
  let total = 0;
  for await (const session of sessions) {
    yield `${lead}\n${JSON.stringify(session.sessionId)}:`;
    yield* sessionJson(session);
    lead = ',';
    total += 1;
  }
  yield `${total === 0 ? lead : ''}},"total_sessions":${total}}\n`;
}

function messageToWire({ timestamp, role, content, agent, callId, failed }: PlainMessage) {
  return {
    timestamp,
    role,
    content,
    agent: agent ?? null,
    call_id: callId ?? null,
    failed: failed ?? false,
  };
}
