/**
 * The entity of one session. It grants turns to one call at a time in the order of acceptance (I4), stores what each call
 * commits, moves old messages to the payload store, and continues as new before its history grows long. A turn does not
 * expire; instead, while other calls wait, the session checks whether the holder still runs.
 */
import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  patched,
  proxyLocalActivities,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { TurnActivities } from '../activities/turn-activities.ts';
import { callWorkflowId } from '../domain/ids.ts';
import { SessionBook } from '../domain/session-book.ts';
import type {
  ClosedSession,
  SessionLimits,
  SessionState,
  TurnCommit,
  TurnHolder,
  TurnPlace,
} from '../domain/session.ts';
import {
  closeSessionUpdate,
  commitTurnSignal,
  expireSessionUpdate,
  openTurnUpdate,
  readSessionQuery,
  releaseTurnSignal,
  settleTurnUpdate,
  turnGrantedSignal,
} from './messages.ts';
import { OldSessionBook } from './resets-in-old-histories.ts';

/**
 * How often the holder of the turn is checked while other calls wait. `holderRecheckMs` is the pause before a second check,
 * which confirms that the holder is gone.
 */
const holderCheckMs = 3_000;
const holderRecheckMs = 1_000;
/**
 * The first and the last pause between the signals to a call that does not exist yet: 50 ms, then doubling up to 3.2 s, 6 s in
 * all.
 */
const firstResendMs = 50;
const lastResendMs = 3_200;
/**
 * The last pause between such signals when the session closes: up to 200 ms, 350 ms in all, because a new session with the same
 * id may be waiting to start.
 */
const lastResendAtCloseMs = 200;
/** A call that does not exist this long after it was sent its turn, or its place in the queue, will never start. */
const startGraceMs = 10_000;

/**
 * After how many history events a session continues as new, if it was created before `SessionLimits.renewAtEvents` existed. The
 * limits of its next run get this number. Its present run continues as new when Temporal suggests it.
 */
const renewAtEvents = 150;

/** The pause before a failed write to the payload store is tried again. Until then the messages stay in the workflow. */
const storeRetryMs = 10_000;

// One describe call. Not retried: the next check repeats it.
const { callState } = proxyLocalActivities<TurnActivities>({
  startToCloseTimeout: '2 s',
  retry: { maximumAttempts: 1 },
});

// One write of a few hundred KiB at most. Not retried: `moveOut` repeats it.
const { storeSegment } = proxyLocalActivities<TurnActivities>({
  startToCloseTimeout: '10 s',
  retry: { maximumAttempts: 1 },
});

export async function session(initial: SessionState, limits: SessionLimits): Promise<ClosedSession> {
  const Book = initial.withoutResets ? SessionBook : OldSessionBook;
  const book = new Book(initial, limits);
  const lifecycle = { closed: false, withCalls: false, holderSuspected: false };
  const isClosed = (): boolean => lifecycle.closed;
  const { life } = initial;
  /** Whether a call belongs to another life of this session id. Calls from before lives existed name no life. */
  const isOfOtherLife = (itsLife: string | undefined): boolean => itsLife !== undefined && itsLife !== life;
  const place: TurnPlace = { runId: workflowInfo().runId, ...(life !== undefined && { life }) };
  const mustRenew = (): boolean => {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return continueAsNewSuggested || historyLength >= (limits.renewAtEvents ?? Infinity);
  };
  /** The number of sends and writes in flight. The session continues as new only if there are none. */
  let inFlight = 0;
  /** Number of the turn that a waiting call was granted but has not been sent yet. */
  let unsentTurn: number | undefined;

  /**
   * Sends the turn to a holder that waited in the queue. If the call does not exist yet, sends the signal again with backoff.
   * If the call is gone, it loses the turn. This function takes the turn away if the call was queued long enough ago: the call
   * can no longer start, and a turn that was not sent to it cannot be in use. In other cases `watch` frees the turn.
   */
  const sendTurn = async (holder: TurnHolder | undefined): Promise<void> => {
    if (!holder) return;
    const call = getExternalWorkflowHandle(callWorkflowId(holder.callId));
    const holds = (): boolean => book.holder?.turnNumber === holder.turnNumber;
    let drops = false;
    inFlight += 1;
    unsentTurn = holder.turnNumber;
    for (let pauseMs = firstResendMs; ; pauseMs *= 2) {
      const sent = await isDelivered(call.signal(turnGrantedSignal, { ...book.turnOf(holder), ...place }));
      if (sent && holds()) unsentTurn = undefined;
      if (sent || pauseMs > lastResendMs || !patched('wake-again')) break;
      // Not after the first signal: messages that the call sent before it ended are delivered together with the second.
      drops = pauseMs > firstResendMs && holds() && isOverdue(book.holder) && patched('drop-overdue');
      if (drops) break;
      if (await condition(() => !holds() || mustRenew(), pauseMs)) break;
    }
    inFlight -= 1;
    if (drops) await sendTurn(book.release(holder.callId, Date.now()));
  };
  const moveOut = async (): Promise<never> => {
    for (;;) {
      await condition(() => book.overflow() !== undefined && !mustRenew());
      const segment = book.overflow();
      if (!segment) continue;
      inFlight += 1;
      const key = await storeSegment(initial.sessionId, segment, life).catch(() => undefined);
      if (key !== undefined) book.movedOut(segment, key);
      inFlight -= 1;
      if (key === undefined) await sleep(storeRetryMs);
    }
  };

  const refuseWhenClosed: (commit?: TurnCommit, life?: string) => void = () => {
    if (lifecycle.closed) throw ApplicationFailure.nonRetryable('The session is closed', 'session_not_found');
  };

  setHandler(
    openTurnUpdate,
    (callId: string, metadataBytes?: number) => ({
      ...book.openTurn(callId, Date.now(), metadataBytes),
      ...place,
    }),
    {
      validator: (callId: string, metadataBytes?: number, itsLife?: string) => {
        refuseWhenClosed();
        if (isOfOtherLife(itsLife))
          throw ApplicationFailure.nonRetryable('That session was removed', 'session_not_found');
        const refusal = book.refusal(callId, metadataBytes);
        if (refusal) throw ApplicationFailure.nonRetryable(refusal, refusal);
      },
    },
  );
  setHandler(commitTurnSignal, (commit: TurnCommit) => sendTurn(book.commit(commit, Date.now())));
  setHandler(
    settleTurnUpdate,
    (commit: TurnCommit, itsLife?: string) => {
      const now = Date.now();
      const { stored, next } = isOfOtherLife(itsLife)
        ? { stored: false, next: book.release(commit.callId, now) }
        : book.settle(commit, now);
      void sendTurn(next);
      return stored;
    },
    { validator: refuseWhenClosed },
  );
  setHandler(releaseTurnSignal, (callId) => {
    void sendTurn(book.release(callId, Date.now()));
    // The session was created for a call that was never started, or whose id belongs to another session.
    if (book.isUnused && patched('close-unused')) lifecycle.closed = true;
  });
  setHandler(readSessionQuery, () => (lifecycle.closed ? null : book.read()));
  setHandler(closeSessionUpdate, (withCalls) => {
    lifecycle.closed = true;
    lifecycle.withCalls ||= withCalls;
    return null;
  });
  setHandler(expireSessionUpdate, (cutoffMs) => {
    lifecycle.closed ||= book.idleSince(cutoffMs);
    lifecycle.holderSuspected ||= !lifecycle.closed && book.holder !== undefined;
    return lifecycle.closed;
  });

  /** Whether the holder needs checking: a call waits for the turn, or the session should expire. */
  const needsCheck = (): boolean => book.waiting > 0 || lifecycle.holderSuspected;
  /** Whether the check of the holder of `turnNumber` is no longer needed. */
  const movedOn = (turnNumber: number): boolean =>
    isClosed() || mustRenew() || book.holder?.turnNumber !== turnNumber || !needsCheck();

  /**
   * Whether the holder's call has ended or will never start. A repeated request for the turn renews its grant, and the call may
   * start with the new grant. So the present grant counts, not the one in `holder`, which was read earlier.
   */
  const isGone = async (holder: TurnHolder): Promise<boolean> => {
    const state = await callState(holder.callId).catch(() => 'unknown' as const);
    if (state !== 'missing' || !isLate(holder)) return state === 'ended';
    const present = book.holder;
    const isStillLate = present?.turnNumber === holder.turnNumber && isLate(present);
    return isStillLate || !patched('present-grant');
  };

  /** Frees the turn of a holder that has ended without a commit or was never started. */
  const watch = async (holder: TurnHolder): Promise<void> => {
    if (await condition(() => movedOn(holder.turnNumber), holderCheckMs)) return;
    try {
      if (!(await isGone(holder))) return;
      // A commit that arrived during the check is delivered with the next workflow task, so check again after one.
      if (await condition(() => movedOn(holder.turnNumber), holderRecheckMs)) return;
      if (await isGone(holder)) await sendTurn(book.release(holder.callId, Date.now()));
    } finally {
      lifecycle.holderSuspected = false;
    }
  };

  /**
   * Signals the calls that still wait or were not sent their turn. They ask again, find that this life is over, and continue
   * without their session. The session completes only after that, because signals of a completed run may be lost.
   */
  const notifyWaitingCalls = async (): Promise<void> => {
    const { holder } = book;
    const unsentHolder = holder && holder.turnNumber === unsentTurn ? [holder.callId] : [];
    const callIds = [...unsentHolder, ...book.queued];
    if (callIds.length > 0 && patched('wake-at-close')) await Promise.all(callIds.map(notifyCall));
  };

  void moveOut();
  if (initial.holderUntold) void sendTurn(book.holder);
  for (;;) {
    await condition(() => isClosed() || mustRenew() || (book.holder !== undefined && needsCheck()));
    if (isClosed()) {
      await notifyWaitingCalls();
      return lifecycle.withCalls ? { callIds: book.callIds() } : {};
    }
    if (mustRenew()) {
      await condition(() => allHandlersFinished() && inFlight === 0);
      if (isClosed()) continue; // The session was closed meanwhile; the state for the next run would not record that.
      const holderUntold = book.holder !== undefined && book.holder.turnNumber === unsentTurn;
      const state = {
        ...book.state(),
        ...(life !== undefined && { life }),
        ...(holderUntold && { holderUntold }),
      };
      await continueAsNew<typeof session>(state, { renewAtEvents, ...limits });
    }
    if (book.holder) await watch(book.holder);
  }
}

/**
 * Signals a call to ask its session again. Repeats the signal for a while if the call does not exist, because it may not have
 * started yet.
 */
async function notifyCall(callId: string): Promise<void> {
  const call = getExternalWorkflowHandle(callWorkflowId(callId));
  for (let pauseMs = firstResendMs; !(await isDelivered(call.signal(turnGrantedSignal))); pauseMs *= 2) {
    if (pauseMs > lastResendAtCloseMs) return;
    await sleep(pauseMs);
  }
}

/** Whether the signal was delivered. False if the call does not exist or has ended. */
function isDelivered(signal: Promise<void>): Promise<boolean> {
  return signal.then(
    () => true,
    () => false,
  );
}

/**
 * Whether the holder came from the queue and was last sent its place there at least `startGraceMs` ago, so that it would have
 * started by now. False without a holder.
 */
function isOverdue(holder: TurnHolder | undefined): boolean {
  return holder?.queuedAt !== undefined && Date.now() - holder.queuedAt >= startGraceMs;
}

/** Whether a call has held its turn for so long that it has started or never will. */
function isLate({ grantedAt }: TurnHolder): boolean {
  return Date.now() - grantedAt >= startGraceMs;
}
