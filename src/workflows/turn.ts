/** A call's side of its session: it waits for its turn. How it ends, the session learns from its history (ADR 0035). */
import {
  condition,
  isCancellation,
  patched,
  proxyLocalActivities,
  proxySinks,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { TurnActivities } from '../activities/turn-activities.ts';
import type { CallInput, CallProgress } from '../domain/call.ts';
import type { ErrorType } from '../domain/failures.ts';
import type { WindowMessage } from '../domain/message.ts';
import { placeOf, type GrantedTurn, type TurnPlace } from '../domain/turn.ts';
import { promptOf, turnWith } from '../domain/turn-text.ts';
import { turnGrantedSignal } from './messages.ts';
import type { OldCall, TurnEnding } from './old-histories.ts';
import type { CallSinks } from './sinks.ts';

/**
 * If a call starts more than this long after its turn was granted, it asks its session again. It may have lost the turn,
 * because the session frees the turn of a call that has not started after 10 s.
 */
const grantStaleMs = 5_000;
/** How often a waiting call asks its session for the turn, in case the signal was lost or the session was deleted. */
const askAgainMs = 10_000;

const { calls: sink } = proxySinks<CallSinks>();

// An update of the session, about 20 ms. The timeout is short because the local activity occupies a workflow task that the
// session may need. Not retried: the loop below waits and asks again.
const { openTurn } = proxyLocalActivities<TurnActivities>({
  startToCloseTimeout: '1 s',
  retry: { maximumAttempts: 1 },
});
// An update of the session, after a large prompt is copied in the payload store. Retried until it is delivered; bounded by the
// workflow's execution timeout.
const { commitTurn } = proxyLocalActivities<TurnActivities>({
  startToCloseTimeout: '10 s',
  retry: { initialInterval: '100 ms', maximumInterval: '1 s' },
});
// One describe call of the session. Not retried: only the description of the call needs the answer.
const { readSupersession } = proxyLocalActivities<TurnActivities>({
  startToCloseTimeout: '2 s',
  retry: { maximumAttempts: 1 },
});

/** A call that fails, now or after it has asked its agents. */
export interface Failed {
  readonly status: 'failed';
  readonly errorType: ErrorType;
  readonly message: string;
}

/** The end of the wait: the turn, or the reason why the call cannot have it. */
export type Turn =
  | {
      readonly status: 'granted';
      readonly window: readonly WindowMessage[];
      /** Set if the session was removed while the call waited. */
      readonly withoutSession?: true;
    }
  | Failed;

export class SessionTurn {
  private readonly input: CallInput;
  private readonly old: OldCall;
  /** The session run and life that granted the call its turn or queued it. */
  private place: TurnPlace;
  private turn: Turn | undefined;
  /** Whether this process was told that the call waits. */
  private isReported = false;

  constructor(input: CallInput, old: OldCall) {
    this.input = input;
    this.old = old;
    this.place = placeOf(input.turn);
  }

  /** Waits for the turn and resolves with the window. Resolves at once for a call without a session. */
  async wait(deadlineAt: () => number): Promise<Turn> {
    try {
      this.turn = await this.waitForTurn(deadlineAt);
      return this.turn;
    } finally {
      if (this.isReported) sink.waited(this.input.callId);
    }
  }

  /**
   * Ends the call's part in its session. Returns whether the session stores the turn; undefined if the session takes it over
   * once the call has ended, and for a call without a session. A call that never had its turn tells its session at once,
   * because only the call knows that.
   */
  async commit(ending: TurnEnding): Promise<boolean | undefined> {
    const { sessionId, callId, userId, turn } = this.input;
    if (sessionId === undefined || !turn) return undefined;
    const granted = this.turn?.status === 'granted' ? this.turn : undefined;
    if (!turn.endsByItself) return this.old.commit(ending, granted !== undefined, this.place);
    if (granted) return granted.withoutSession ? false : undefined;
    const endedWaiting = ending.cancelled ? 'cancelled' : 'failed';
    return commitTurn(
      sessionId,
      { callId, ...turnWith(promptOf(this.input)), ...(userId !== undefined && { userId }), endedWaiting },
      this.place,
    );
  }

  /**
   * Ends the part of a cancelled call in its session. If another call has interrupted this one, the session knows already what
   * to do: it has taken the call from its queue, or takes the ending over. `sessionStored` is absent as in `commit`.
   */
  async leave(): Promise<Pick<CallProgress, 'sessionStored' | 'supersededBy'>> {
    const { sessionId, callId, turn } = this.input;
    const superseded =
      sessionId !== undefined && turn?.endsByItself && patched('superseded')
        ? await readSupersession(sessionId, callId).catch(() => undefined)
        : undefined;
    if (superseded)
      return { ...(!superseded.leavesMessage && { sessionStored: false }), supersededBy: superseded.by };
    const sessionStored = await this.commit({ cancelled: true });
    return { ...(sessionStored !== undefined && { sessionStored }) };
  }

  private reportWait(): void {
    this.isReported = true;
    sink.waits(this.input.callId);
  }

  private async waitForTurn(deadlineAt: () => number): Promise<Turn> {
    const { sessionId, callId, turn } = this.input;
    if (sessionId === undefined || !turn) return { status: 'granted', window: [] };
    // Old histories only: a reset owned no turn, and asked with the window that the call had.
    if (turn.state === 'granted' && (this.old.resetAt !== undefined || startedInTime(turn.grantedAt)))
      return { status: 'granted', window: turn.window };

    let woken = false;
    let sent: GrantedTurn | undefined;
    setHandler(turnGrantedSignal, (granted) => {
      woken = true;
      sent = granted;
      if (granted) this.place = placeOf(granted);
    });
    const comesByItself = turn.state === 'queued' && turn.comesByItself === true;
    if (comesByItself) {
      this.reportWait();
      await condition(() => woken, Math.max(1, Math.min(askAgainMs, deadlineAt() - Date.now())));
    }
    for (;;) {
      if (comesByItself && sent) return { status: 'granted', window: sent.window };
      woken = false;
      const reply = await openTurn(sessionId, callId, turn.life).catch(rethrowCancellation);
      // The session was deleted: the call continues without it, and its result has `sessionStored: false`.
      if (!reply) return { status: 'granted', window: [], withoutSession: true };
      if (reply.state === 'granted') {
        this.place = placeOf(reply);
        return { status: 'granted', window: reply.window };
      }
      const comesBySignal = reply.state === 'queued' && reply.comesByItself;
      if (comesBySignal && sent && patched('turn-by-signal'))
        return { status: 'granted', window: sent.window };
      const restMs = deadlineAt() - Date.now();
      // After the deadline, `committed` means that this call committed in a workflow task that was lost.
      if (restMs <= 0) return overdueInQueue(this.input);
      if (reply.state === 'committed')
        return { status: 'failed', errorType: 'internal', message: 'This call has had its turn already' };
      this.reportWait();
      await condition(() => woken, Math.min(askAgainMs, restMs));
    }
  }
}

/** The ending of a call whose deadline passed while it waited in its session's queue. */
export function overdueInQueue({ deadlineMs }: CallInput): Failed {
  const message = `The call's deadline of ${deadlineMs / 1_000} s passed while it waited for its session's turn`;
  return { status: 'failed', errorType: 'deadline_exceeded', message };
}

/** Whether the call started soon enough after its grant. Both times come from the server's clock. */
function startedInTime(grantedAt: number): boolean {
  if (workflowInfo().startTime.getTime() - grantedAt > grantStaleMs) return false;
  // Old histories: a call whose first task came late asked again, even if it had started in time.
  return Date.now() - grantedAt <= grantStaleMs || patched('turn-by-start');
}

/** The reply of an `openTurn` that failed: the call asks again later. Rethrows a cancellation. */
function rethrowCancellation(error: unknown): { readonly state: 'unknown' } {
  if (isCancellation(error)) throw error;
  return { state: 'unknown' };
}
