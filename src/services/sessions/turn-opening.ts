/**
 * Opens turns for the facade. Creates the session if it does not exist. If the turn is held by a call that has ended without
 * the session's knowledge, tells the session first.
 */
import { sizeAsJson } from '../../domain/json-bytes.ts';
import type { Metadata } from '../../domain/message.ts';
import type { SessionLimits } from '../../domain/session.ts';
import type { TurnReply, TurnWish, WhenBusy } from '../../domain/turn.ts';
import { openTurnUpdate } from '../../workflows/messages.ts';
import type { CreatingUpdates } from './creating-updates.ts';
import type { SessionEndings } from './session-endings.ts';
import { withBound } from './session-bounds.ts';

/** What a session is told of a call that wants a turn. */
export interface TurnRequest {
  /** The owner of the session if it is created. */
  readonly userId?: string | undefined;
  readonly metadata?: Metadata | undefined;
  /** Undefined if the call waits. */
  readonly whenBusy?: WhenBusy | undefined;
}

/** Opens turns. */
export class TurnOpening {
  private readonly updates: CreatingUpdates;
  private readonly limits: SessionLimits;
  private readonly endings: SessionEndings;

  constructor(updates: CreatingUpdates, limits: SessionLimits, endings: SessionEndings) {
    this.updates = updates;
    this.limits = limits;
    this.endings = endings;
  }

  /**
   * Acquires a turn, or a place in the queue. The reply is `committed` if this call has already had its turn. Throws the
   * refusals `session_queue_full`, `session_metadata_full`, `session_busy` and `temporal_unavailable`.
   */
  async open(
    sessionId: string,
    callId: string,
    { userId, metadata, whenBusy }: TurnRequest,
  ): Promise<TurnReply> {
    const metadataBytes = metadata ? sizeAsJson(metadata) : 0;
    const always: TurnWish = { tellsEnding: true, ...(whenBusy && { whenBusy }) };
    const send = (wish: TurnWish): Promise<TurnReply> =>
      this.updates.send(sessionId, openTurnUpdate, [callId, metadataBytes, null, { ...wish, ...always }], {
        userId,
      });
    try {
      return await this.endings.openTurn(sessionId, callId, send);
    } catch (error) {
      throw withBound(error, this.limits);
    }
  }
}
