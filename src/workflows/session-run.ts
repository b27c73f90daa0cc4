import { ApplicationFailure, patched, workflowInfo } from '@temporalio/workflow';
import { SessionBook } from '../domain/session-book.ts';
import type { SessionLimits, SessionState } from '../domain/session.ts';
import type { RefusalDetails, TurnHolder, TurnPlace } from '../domain/turn.ts';
import { OldSessionBook } from './old-histories.ts';

/** One run of a session's workflow, between two continue-as-new: what its parts share. */
export class SessionRun {
  readonly sessionId: string;
  readonly limits: SessionLimits;
  readonly book: SessionBook;
  readonly life: string | undefined;
  readonly place: TurnPlace;
  /** Whether calls of this run need not tell how they end. False for runs that began before the session could look. */
  readonly takesEndings: boolean;
  closed = false;
  /** Whether the calls of the closed session are deleted too. */
  withCalls = false;
  /** Set if the holder should be looked at although no other call waits. */
  holderSuspected = false;
  /** The number of sends and writes in flight. The session continues as new only if there are none. */
  inFlight = 0;
  private wasFoundLong = false;

  constructor(initial: SessionState, limits: SessionLimits) {
    const Book = initial.withoutResets ? SessionBook : OldSessionBook;
    this.book = new Book(initial, limits);
    this.sessionId = initial.sessionId;
    this.limits = limits;
    this.life = initial.life;
    this.place = {
      runId: workflowInfo().runId,
      ...(initial.life !== undefined && { life: initial.life }),
    };
    this.takesEndings = patched('takes-endings');
  }

  /**
   * Whether the session should continue as new. The task of a refused update leaves no event, so a replay does not repeat it,
   * and what such a task sees must not lead to commands. Therefore a history counts as long only once a recorded event has
   * woken code that finds it long. Older runs looked at the length in every task.
   */
  get mustRenew(): boolean {
    return this.takesEndings ? this.wasFoundLong : this.isLong();
  }

  /** Call this where a signal, an accepted update, a timer or the result of an activity continues the workflow. */
  noteLength(): void {
    this.wasFoundLong ||= this.isLong();
  }

  /** Whether something belongs to another life of this session id. What is from before lives existed names no life. */
  isOfOtherLife(itsLife: string | undefined): boolean {
    return itsLife !== undefined && itsLife !== this.life;
  }

  /** For validators of updates. */
  refuseWhenClosed(): void {
    if (this.closed) throw ApplicationFailure.nonRetryable('The session is closed', 'session_not_found');
  }

  /** For validators of updates that may belong to another life. */
  refuseOtherLife(itsLife: string | undefined): void {
    this.refuseWhenClosed();
    if (this.isOfOtherLife(itsLife))
      throw ApplicationFailure.nonRetryable('That session was removed', 'session_not_found');
  }

  private isLong(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return continueAsNewSuggested || historyLength >= (this.limits.renewAtEvents ?? Infinity);
  }
}

/** Makes the rejection of an update. The facade looks whether the call that holds the turn has ended. */
export function refused(type: string, holder?: TurnHolder): ApplicationFailure {
  const details: RefusalDetails = holder ? { holderId: holder.callId, grantedAt: holder.grantedAt } : {};
  return ApplicationFailure.nonRetryable(type, type, details);
}
