import type { SessionSegment, TurnCommit, TurnPlace, TurnReply } from '../domain/session.ts';

export type CallState = 'running' | 'ended' | 'missing';

/**
 * Short requests to the server, run as local activities. They are the client layer's own operations
 * (services/sessions/turns.ts), handed in by the worker's composition.
 */
export interface TurnActivities {
  /** Undefined: the session was deleted. */
  openTurn(sessionId: string, callId: string, life?: string): Promise<TurnReply | undefined>;
  /** With copies of texts in the payload store that go with the session, not with the call. */
  keepInSession(sessionId: string, commit: TurnCommit, life?: string): Promise<TurnCommit>;
  /** False: the session was deleted, and is never recreated, or it keeps nothing of the call. */
  commitTurn(sessionId: string, commit: TurnCommit, place?: TurnPlace): Promise<boolean>;
  callState(callId: string): Promise<CallState>;
  /** Moves messages of a session to the payload store; returns their key. */
  storeSegment(sessionId: string, segment: SessionSegment, life?: string): Promise<string>;
}
