import type { SessionSegment, TurnCommit, TurnReply } from '../domain/session.ts';

export type CallState = 'running' | 'ended' | 'missing';

/**
 * Short exchanges with the server, run as local activities. They are the client layer's own operations
 * (client/turns.ts), handed in by the worker's composition.
 */
export interface TurnActivities {
  /** Undefined: the session was deleted. */
  openTurn(sessionId: string, callId: string): Promise<TurnReply | undefined>;
  /** With copies of texts in the payload store that go with the session, not with the call. */
  keepInSession(sessionId: string, commit: TurnCommit): Promise<TurnCommit>;
  /** False: the session was deleted; it is never recreated. */
  commitTurn(sessionId: string, commit: TurnCommit): Promise<boolean>;
  callState(callId: string): Promise<CallState>;
  /** Moves messages of a session to the payload store; returns their key. */
  storeSegment(sessionId: string, segment: SessionSegment): Promise<string>;
}
