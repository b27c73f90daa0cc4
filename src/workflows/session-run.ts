import { ApplicationFailure, patched, workflowInfo } from '@temporalio/workflow';
import { SessionBook } from '../domain/session-book.ts';
import type { SessionLimits, SessionState } from '../domain/session.ts';
import type { RefusalDetails, TurnHolder, TurnPlace } from '../domain/turn.ts';
import { Renewal } from './renewal.ts';
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
  readonly renewal: Renewal;
  closed = false;
  /** Whether the calls of the closed session are deleted too. */
  withCalls = false;
  /** Set if the holder should be looked at although no other call waits. */
  holderSuspected = false;
  /** The number of sends and writes in flight. The session continues as new only if there are none. */
  inFlight = 0;

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
    this.renewal = new Renewal(limits.renewAtEvents ?? Infinity, this.takesEndings);
  }

  /** Whether the session should continue as new. */
  get mustRenew(): boolean {
    return this.renewal.isDue;
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
}

/** Makes the rejection of an update. The facade looks whether the call that holds the turn has ended. */
export function refused(type: string, holder?: TurnHolder): ApplicationFailure {
  const details: RefusalDetails = holder ? { holderId: holder.callId, grantedAt: holder.grantedAt } : {};
  return ApplicationFailure.nonRetryable(type, type, details);
}
