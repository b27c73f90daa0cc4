import { SessionBook } from '../../src/domain/session-book.ts';
import type { SessionMessage } from '../../src/domain/message.ts';
import { newSession, type SessionLimits, type SessionState } from '../../src/domain/session.ts';
import type { TurnCommit } from '../../src/domain/turn.ts';

export const startedAt = Date.UTC(2026, 0, 1);
export const isoAfter = (ms: number): string => new Date(startedAt + ms).toISOString();

const roomy: SessionLimits = {
  maxQueued: 100,
  windowMessages: 40,
  windowBytes: 256 * 1024,
};

export function openBook(
  limits: Partial<SessionLimits> = {},
  state: Partial<SessionState> = {},
): SessionBook {
  return new SessionBook({ ...newSession('session', startedAt), ...state }, { ...roomy, ...limits });
}

/** The commit of a call that `echo` answered. */
export const answered = (callId: string, more: Partial<TurnCommit> = {}): TurnCommit => ({
  callId,
  prompt: `ask ${callId}`,
  answer: { agent: 'echo', content: `re: ${callId}` },
  ...more,
});
export const failed = (callId: string): TurnCommit => ({ callId, prompt: `ask ${callId}` });

export function message(
  role: SessionMessage['role'],
  content: string,
  more: Partial<SessionMessage> = {},
): SessionMessage {
  return { timestamp: isoAfter(0), role, content, ...more };
}

/** The session after continue-as-new. */
export function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
