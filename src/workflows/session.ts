/**
 * One entity per session id: grants turns in acceptance order to one call at a time (I4), keeps what each call
 * left, moves old messages to the payload store, renews itself by continue-as-new. A granted turn has no clock;
 * while someone waits, its holder is looked at.
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
import type { TurnActivities } from '../activities/turns.ts';
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
  closeSession,
  commitTurn,
  expireSession,
  openTurn,
  readSession,
  releaseTurn,
  settleTurn,
  turnGranted,
} from './messages.ts';

/** How often a holder is looked at while others wait, and how soon again to be sure. */
const holderCheckMs = 3_000;
const secondLookMs = 1_000;
/** How soon a call that was not started yet is told of its turn again: after 50 ms, then twice as long, 6 s in all. */
const firstWakeAgainMs = 50;
const lastWakeAgainMs = 3_200;
/** A session that is removed makes way for the next of its id: it tries this long at most, 350 ms in all. */
const lastWakeAtCloseMs = 200;
/** A call that does not exist this long after it was told of its grant, or of its place in the queue, was never started. */
const startGraceMs = 10_000;

/** Of sessions that were created before this was a limit, from their next renewal on. */
const renewAtEvents = 150;

/** How soon a payload store that failed is tried again; until then the messages stay here. */
const storeAgainMs = 10_000;

// One describe call; a failed look is repeated with the next check, so it is not retried here.
const { callState } = proxyLocalActivities<TurnActivities>({
  startToCloseTimeout: '2 s',
  retry: { maximumAttempts: 1 },
});

// One write of a few hundred KiB at most. A failed one is repeated by `moveOut`, so it is not retried here.
const { storeSegment } = proxyLocalActivities<TurnActivities>({
  startToCloseTimeout: '10 s',
  retry: { maximumAttempts: 1 },
});

export async function session(initial: SessionState, limits: SessionLimits): Promise<ClosedSession> {
  const book = new SessionBook(initial, limits);
  const lifecycle = { closed: false, withCalls: false, holderSuspected: false };
  const isClosed = (): boolean => lifecycle.closed;
  const { life } = initial;
  /** Calls of before there were lives do not say which one they are of. */
  const isOther = (itsLife: string | undefined): boolean => itsLife !== undefined && itsLife !== life;
  const place: TurnPlace = { runId: workflowInfo().runId, ...(life !== undefined && { life }) };
  const mustRenew = (): boolean => {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return continueAsNewSuggested || historyLength >= (limits.renewAtEvents ?? Infinity);
  };
  let underWay = 0;
  /** The turn of a holder that has waited and is not told yet. */
  let untold: number | undefined;

  /**
   * Tells a call that waited. One that is not started yet is told again; one that is gone loses its turn: here if it was
   * queued long enough ago, as it then takes no turn that it was not told of, otherwise by `watch`.
   */
  const wake = async (holder: TurnHolder | undefined): Promise<void> => {
    if (!holder) return;
    const call = getExternalWorkflowHandle(callWorkflowId(holder.callId));
    const holds = (): boolean => book.holder?.turnNumber === holder.turnNumber;
    let drops = false;
    underWay += 1;
    untold = holder.turnNumber;
    for (let againMs = firstWakeAgainMs; ; againMs *= 2) {
      const told = await signalled(call.signal(turnGranted, { ...book.turnOf(holder), ...place }));
      if (told && holds()) untold = undefined;
      if (told || againMs > lastWakeAgainMs || !patched('wake-again')) break;
      // Not by the first look: what it left before it ended has come with the second.
      drops = againMs > firstWakeAgainMs && holds() && isOverdue(book.holder) && patched('drop-overdue');
      if (drops) break;
      if (await condition(() => !holds() || mustRenew(), againMs)) break;
    }
    underWay -= 1;
    if (drops) await wake(book.release(holder.callId, Date.now()));
  };
  const moveOut = async (): Promise<never> => {
    for (;;) {
      await condition(() => book.overflow() !== undefined && !mustRenew());
      const segment = book.overflow();
      if (!segment) continue;
      underWay += 1;
      const key = await storeSegment(initial.sessionId, segment, life).catch(() => undefined);
      if (key !== undefined) book.movedOut(segment, key);
      underWay -= 1;
      if (key === undefined) await sleep(storeAgainMs);
    }
  };

  const refuseWhenClosed: (commit?: TurnCommit, life?: string) => void = () => {
    if (lifecycle.closed) throw ApplicationFailure.nonRetryable('The session is closed', 'session_not_found');
  };

  setHandler(
    openTurn,
    (callId: string, metadataBytes?: number) => ({
      ...book.openTurn(callId, Date.now(), metadataBytes),
      ...place,
    }),
    {
      validator: (callId: string, metadataBytes?: number, itsLife?: string) => {
        refuseWhenClosed();
        if (isOther(itsLife))
          throw ApplicationFailure.nonRetryable('That session was removed', 'session_not_found');
        const refusal = book.refusal(callId, metadataBytes);
        if (refusal) throw ApplicationFailure.nonRetryable(refusal, refusal);
      },
    },
  );
  setHandler(commitTurn, (commit: TurnCommit) => wake(book.commit(commit, Date.now())));
  setHandler(
    settleTurn,
    (commit: TurnCommit, itsLife?: string) => {
      const now = Date.now();
      const { stored, next } = isOther(itsLife)
        ? { stored: false, next: book.release(commit.callId, now) }
        : book.settle(commit, now);
      void wake(next);
      return stored;
    },
    { validator: refuseWhenClosed },
  );
  setHandler(releaseTurn, (callId) => {
    void wake(book.release(callId, Date.now()));
    // It was begun for a call that is another's, or was never started.
    if (book.isUnused && patched('close-unused')) lifecycle.closed = true;
  });
  setHandler(readSession, () => (lifecycle.closed ? null : book.read()));
  setHandler(closeSession, (withCalls) => {
    lifecycle.closed = true;
    lifecycle.withCalls ||= withCalls;
    return null;
  });
  setHandler(expireSession, (cutoffMs) => {
    lifecycle.closed ||= book.idleSince(cutoffMs);
    lifecycle.holderSuspected ||= !lifecycle.closed && book.holder !== undefined;
    return lifecycle.closed;
  });

  /** Somebody waits for the turn, or would have the session removed. */
  const isWanted = (): boolean => book.waiting > 0 || lifecycle.holderSuspected;
  /** True once the turn has moved on from `turnNumber` or nobody wants it any more. */
  const movedOn = (turnNumber: number): boolean =>
    isClosed() || mustRenew() || book.holder?.turnNumber !== turnNumber || !isWanted();

  /** Frees the turn of a holder that has ended without a commit or was never started. */
  const watch = async (holder: TurnHolder): Promise<void> => {
    if (await condition(() => movedOn(holder.turnNumber), holderCheckMs)) return;
    try {
      if (!(await isGone(holder))) return;
      // A commit that arrived during the look is delivered with the next task only: look again after one.
      if (await condition(() => movedOn(holder.turnNumber), secondLookMs)) return;
      if (await isGone(holder)) await wake(book.release(holder.callId, Date.now()));
    } finally {
      lifecycle.holderSuspected = false;
    }
  };

  /**
   * Those that still wait, or do not know of their turn: woken without one they ask again, learn that this life is over and go on
   * without their session. It completes after that, for the signals of a completed run may be lost.
   */
  const wakeAtClose = async (): Promise<void> => {
    const { holder } = book;
    const untoldHolder = holder && holder.turnNumber === untold ? [holder.callId] : [];
    const callIds = [...untoldHolder, ...book.queued];
    if (callIds.length > 0 && patched('wake-at-close')) await Promise.all(callIds.map(wakeToAsk));
  };

  void moveOut();
  if (initial.holderUntold) void wake(book.holder);
  for (;;) {
    await condition(() => isClosed() || mustRenew() || (book.holder !== undefined && isWanted()));
    if (isClosed()) {
      await wakeAtClose();
      return lifecycle.withCalls ? { callIds: book.callIds() } : {};
    }
    if (mustRenew()) {
      await condition(() => allHandlersFinished() && underWay === 0);
      if (isClosed()) continue; // Meanwhile: the next run would not know.
      const holderUntold = book.holder !== undefined && book.holder.turnNumber === untold;
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

/** One that is not started yet is told again; one that is gone needs nothing. */
async function wakeToAsk(callId: string): Promise<void> {
  const call = getExternalWorkflowHandle(callWorkflowId(callId));
  for (let againMs = firstWakeAgainMs; !(await signalled(call.signal(turnGranted))); againMs *= 2) {
    if (againMs > lastWakeAtCloseMs) return;
    await sleep(againMs);
  }
}

/** False: there is no such call, or it has ended. */
function signalled(signal: Promise<void>): Promise<boolean> {
  return signal.then(
    () => true,
    () => false,
  );
}

/** It has been told its place in the queue, and nothing since, for as long as a start may take. */
function isOverdue(holder: TurnHolder | undefined): boolean {
  return holder?.queuedAt !== undefined && Date.now() - holder.queuedAt >= startGraceMs;
}

async function isGone(holder: TurnHolder): Promise<boolean> {
  const state = await callState(holder.callId).catch(() => 'unknown' as const);
  return state === 'ended' || (state === 'missing' && Date.now() - holder.grantedAt >= startGraceMs);
}
