/** Sessions as JSON text, message by message: one may be larger than memory should hold. */
import type { PlainMessage, WholeSession } from '../client/whole-session.ts';

export async function* sessionJson(session: WholeSession): AsyncGenerator<string> {
  const { sessionId, userId, createdAt, lastActivity, messages, metadata } = session;
  const head = {
    session_id: sessionId,
    user_id: userId ?? null,
    created_at: createdAt,
    last_activity: lastActivity,
  };
  let lead = `${JSON.stringify(head).slice(0, -1)},"messages":[`;
  for await (const message of messages) {
    yield lead + JSON.stringify(messageToWire(message));
    lead = ',';
  }
  yield `${lead === ',' ? '' : lead}],"metadata":${JSON.stringify(metadata)}}`;
}

export async function* exportJson(sessions: AsyncIterable<WholeSession>): AsyncGenerator<string> {
  yield `{"exported_at":${JSON.stringify(new Date().toISOString())},"sessions":{`;
  let total = 0;
  for await (const session of sessions) {
    yield `${total === 0 ? '' : ','}\n${JSON.stringify(session.sessionId)}:`;
    yield* sessionJson(session);
    total += 1;
  }
  yield `},"total_sessions":${total}}\n`;
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
