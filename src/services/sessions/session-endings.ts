/**
 * The facade's side of the rule that a call's own ending is the record of its turn (ADR 0035): before a session grants a turn
 * or is read, it is told the ending of a call that holds the turn and has ended.
 */
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Refusal } from '../../domain/failures.ts';
import type { TurnCommit, TurnReply, TurnWish } from '../../domain/session.ts';
import { sessionOwner } from '../../payloads/owners.ts';
import { findEnding } from './found-endings.ts';
import { isGone, keepInSession, settleTurn, type TurnDependencies } from './turn-commits.ts';
import type { UntoldEndings } from './untold-endings.ts';

export class SessionEndings {
  private readonly deps: TurnDependencies;
  private readonly untold: UntoldEndings;
  private readonly onCancelled: (callId: string) => void;

  /** `onCancelled` is called with the id of each call that a session cancels because another one interrupts it. */
  constructor(deps: TurnDependencies, untold: UntoldEndings, onCancelled: (callId: string) => void) {
    this.deps = deps;
    this.untold = untold;
    this.onCancelled = onCancelled;
  }

  /**
   * Requests a turn by `send` and takes along the endings that this process knows. If the turn is held by a call that has ended
   * without the session's knowledge, tells the session and requests the turn again. Throws what `send` throws.
   */
  async openTurn(
    sessionId: string,
    callId: string,
    send: (wish: TurnWish) => Promise<TurnReply>,
  ): Promise<TurnReply> {
    const reply = await this.sendWithUntold(sessionId, send);
    if (reply.state === 'committed') return reply;
    const { holderId, interrupted = [] } = reply.hints ?? {};
    for (const one of interrupted) this.onCancelled(one);
    if (reply.state === 'granted' || reply.position !== 1) return reply; // Those in front look.
    if (holderId !== undefined && interrupted.includes(holderId)) this.settleOnceEnded(sessionId, holderId);
    if (holderId === undefined || this.untold.follows(sessionId, holderId)) return reply;
    const commit = await this.endingOf(sessionId, holderId);
    if (!commit) return reply;
    const granted = await send({ taken: [commit], again: true });
    this.untold.settled(sessionId, holderId);
    return granted;
  }

  /**
   * Tells the session how the call has ended. Returns false if the call runs, or is none of this session. Throws the refusal
   * `temporal_unavailable`.
   */
  async settle(sessionId: string, callId: string): Promise<boolean> {
    const commit = await this.endingOf(sessionId, callId);
    if (!commit) return false;
    const { life } = commit;
    try {
      await settleTurn(this.deps, sessionId, commit, life === undefined ? {} : { life });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    this.untold.settled(sessionId, callId);
    return true;
  }

  /** Tells the session of the end of a call as soon as it ends. Returns at once. If this fails, the session looks by itself. */
  private settleOnceEnded(sessionId: string, callId: string): void {
    if (this.untold.follows(sessionId, callId)) return;
    this.untold
      .whenEnded(callId)
      .then((ended) => ended && this.settle(sessionId, callId))
      .catch(() => undefined);
  }

  private async sendWithUntold(
    sessionId: string,
    send: (wish: TurnWish) => Promise<TurnReply>,
  ): Promise<TurnReply> {
    const { commits, told, giveBack } = await this.untold.take(sessionId);
    try {
      const reply = await send(commits.length > 0 ? { taken: commits } : {});
      told();
      return reply;
    } catch (error) {
      giveBack();
      // A session may refuse because it has a holder. If that call has ended, there is room.
      const holderId = holderIn(error);
      if (holderId === undefined || !(await this.settle(sessionId, holderId))) throw error;
      return send({});
    }
  }

  /** Returns the ending of a call of this session, whose texts belong to the session. Undefined if the call runs. */
  private async endingOf(sessionId: string, callId: string): Promise<TurnCommit | undefined> {
    const known = await this.untold.of(sessionId, callId);
    if (known) return known;
    const found = await findEnding(this.deps.temporal, sessionId, callId);
    if (found.state !== 'ended' || !found.commit) return undefined;
    return keepInSession(this.deps.texts, sessionOwner(sessionId, found.commit.life), found.commit);
  }
}

/** Returns the call that holds the turn, from the rejection of an update. */
function holderIn(error: unknown): string | undefined {
  const rejection = error instanceof Refusal ? error.cause : error;
  if (!(rejection instanceof WorkflowUpdateFailedError)) return undefined;
  if (!(rejection.cause instanceof ApplicationFailure)) return undefined;
  const details = rejection.cause.details?.[0] as { readonly holderId?: string } | undefined;
  return details?.holderId;
}
