/**
 * The facade's side of the rule that a call's own ending is the record of its turn (ADR 0035): before a session grants a turn
 * or is read, it is told the ending of a call that holds the turn and has ended.
 */
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { FoundCall } from '../../activities/turn-activities.ts';
import { Refusal } from '../../domain/failures.ts';
import type { RefusalDetails, TurnCommit, TurnReply, TurnWish } from '../../domain/turn.ts';
import { isLate } from '../../domain/turn-holder.ts';
import { isReference } from '../../domain/stored-text.ts';
import { textsOf } from '../../domain/turn-text.ts';
import { sessionOwner } from '../../payloads/owners.ts';
import { expireSessionUpdate } from '../../workflows/messages.ts';
import { findEnding } from './found-endings.ts';
import { isGone, keepInSession, settleTurn, updateSession, type TurnDependencies } from './turn-commits.ts';
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
  async openTurn(sessionId: string, send: (wish: TurnWish) => Promise<TurnReply>): Promise<TurnReply> {
    const reply = await this.withEndings(sessionId, async (taken) => {
      const replied = await send(taken.length > 0 ? { taken } : {});
      if (replied.state !== 'committed') this.dropOtherLives(sessionId, taken, replied.life);
      return replied;
    });
    if (reply.state === 'committed') return reply;
    const { holderId, interrupted = [] } = reply.hints ?? {};
    for (const one of interrupted) this.onCancelled(one);
    if (reply.state === 'granted' || reply.position !== 1) return reply; // Those in front look.
    if (holderId !== undefined && interrupted.includes(holderId)) this.settleOnceEnded(sessionId, holderId);
    if (holderId === undefined || this.untold.follows(sessionId, holderId)) return reply;
    const { commit } = await this.find(sessionId, holderId);
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
    const { commit } = await this.find(sessionId, callId);
    if (commit) await this.settleAs(sessionId, commit);
    return commit !== undefined;
  }

  /**
   * Sends an update that takes the endings along that this process knows. If the session refuses it because of a call that holds
   * the turn and has ended without the session's knowledge, tells the session and sends the update again. Throws what `send`
   * throws.
   */
  async withEndings<T>(sessionId: string, send: (taken: readonly TurnCommit[]) => Promise<T>): Promise<T> {
    const { commits, told, giveBack } = await this.untold.take(sessionId);
    try {
      const reply = await send(commits);
      told();
      return reply;
    } catch (error) {
      giveBack();
      // A session may refuse because it has a holder. If that call has ended, there is room.
      const { holderId, grantedAt } = holderIn(error);
      if (holderId === undefined) throw error;
      const { state, commit } = await this.find(sessionId, holderId);
      if (commit) {
        await this.settleAs(sessionId, commit);
        return send([]);
      }
      // While calls are refused, none waits, so the session would not look for hours whether the call will ever start. A wish to
      // expire it makes it look; no session was idle since 1970, so this closes none.
      const mayNeverStart =
        state !== 'running' && grantedAt !== undefined && isLate({ grantedAt }, Date.now());
      if (mayNeverStart)
        await updateSession(this.deps, sessionId, expireSessionUpdate, [0]).catch(() => undefined);
      throw error;
    }
  }

  /** Removes what endings of another life have in the payload store. */
  private dropOtherLives(sessionId: string, taken: readonly TurnCommit[], present: string | undefined): void {
    for (const commit of taken)
      if (commit.life !== undefined && commit.life !== present && textsOf(commit).some(isReference))
        this.deps.texts.drop(sessionOwner(sessionId, commit.life)).catch(() => undefined);
  }

  private async settleAs(sessionId: string, commit: TurnCommit): Promise<void> {
    const { callId } = commit;
    try {
      // Without a life, so that no life refuses it: a call that has ended gives up the turn that it has in any of them.
      await settleTurn(this.deps, sessionId, commit, {});
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    this.untold.settled(sessionId, callId);
  }

  /** Tells the session of the end of a call as soon as it ends. Returns at once. If this fails, the session looks by itself. */
  private settleOnceEnded(sessionId: string, callId: string): void {
    if (this.untold.follows(sessionId, callId)) return;
    this.untold
      .whenEnded(callId)
      .then((ended) => ended && this.settle(sessionId, callId))
      .catch(() => undefined);
  }

  /** Finds out whether a call of this session has ended, and how. The texts of its ending then belong to the session. */
  private async find(sessionId: string, callId: string): Promise<FoundCall> {
    const known = await this.untold.of(sessionId, callId);
    if (known) return { state: 'ended', commit: known };
    const found = await findEnding(this.deps.temporal, sessionId, callId);
    if (!found.commit) return found;
    const owner = sessionOwner(sessionId, found.commit.life);
    return { ...found, commit: await keepInSession(this.deps.texts, owner, found.commit) };
  }
}

/** Returns what the rejection of an update says of the call that holds the turn. */
function holderIn(error: unknown): RefusalDetails {
  const rejection = error instanceof Refusal ? error.cause : error;
  if (!(rejection instanceof WorkflowUpdateFailedError)) return {};
  if (!(rejection.cause instanceof ApplicationFailure)) return {};
  return rejection.cause.details?.[0] ?? {};
}
