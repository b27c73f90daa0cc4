import type { SessionSegment } from '../domain/session.ts';
import type { Superseded, TurnCommit, TurnPlace, TurnReply } from '../domain/turn.ts';

/**
 * A call as its session finds it. `commit` is absent if the call belongs to another session, and so has no turn in this one.
 */
export type FoundCall =
  | { readonly state: 'running' | 'missing'; readonly commit?: undefined }
  | { readonly state: 'ended'; readonly commit?: TurnCommit };

/**
 * The local activities of calls and sessions: short requests to Temporal and the payload store. Implemented in
 * services/sessions/turn-activities.ts and passed in when the worker is composed.
 */
export interface TurnActivities {
  /**
   * Asks the session for the call's turn, or a place in its queue. The reply is `committed` if this call has already had its
   * turn. Undefined if the session, or the given life of it, no longer exists.
   */
  openTurn(sessionId: string, callId: string, life?: string): Promise<TurnReply | undefined>;
  /**
   * Only for old histories. Copies large texts of the commit so that the session owns them. Returns the commit with references to
   * the copies.
   */
  keepInSession(sessionId: string, commit: TurnCommit, life?: string): Promise<TurnCommit>;
  /**
   * Commits a turn. Returns false if the session does not store the turn, or was deleted; a deleted session is not created
   * again.
   */
  commitTurn(sessionId: string, commit: TurnCommit, place: TurnPlace): Promise<boolean>;
  /** Reads whether a call has ended, and how. Copies large texts of the ending so that the session owns them. */
  readEnding(sessionId: string, callId: string, life?: string): Promise<FoundCall>;
  /** Asks the session which call has interrupted this one. Undefined if none has, or if the session was deleted. */
  readSupersession(sessionId: string, callId: string): Promise<Superseded | undefined>;
  /** Only for old histories. Whether a call's workflow runs, has ended, or does not exist. */
  callState(callId: string): Promise<FoundCall['state']>;
  /** Writes older messages of a session to the payload store. Returns the segment's key. */
  storeSegment(sessionId: string, segment: SessionSegment, life?: string): Promise<string>;
}
