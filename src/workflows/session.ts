/**
 * The entity of one session. It grants turns to one call at a time in the order of acceptance (I4), takes over how each call
 * ends, moves old messages to the payload store, and continues as new before its history grows long. A call's own ending is the
 * record of its turn: usually the facade tells the session, and if it does not, the session looks (ADR 0035).
 */
import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  getExternalWorkflowHandle,
  log,
  makeContinueAsNewFunc,
  patched,
  proxyLocalActivities,
  proxySinks,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { TurnActivities } from '../activities/turn-activities.ts';
import { callWorkflowId } from '../domain/ids.ts';
import { SessionBook } from '../domain/session-book.ts';
import { isLate, isLost, isOverdue } from '../domain/turn-holder.ts';
import type {
  ClosedSession,
  RefusalDetails,
  SessionLimits,
  SessionState,
  TurnCommit,
  TurnHints,
  TurnHolder,
  TurnPlace,
  TurnReply,
  TurnWish,
} from '../domain/session.ts';
import { firstResendMs, isDelivered, lastResendMs } from './delivery.ts';
import { Interruptions } from './interruptions.ts';
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
import type { SessionSinks } from './sinks.ts';
import { watchInOldHistories } from './turn-in-old-histories.ts';

const { sessions: sink } = proxySinks<SessionSinks>();

/**
 * How often the holder of the turn is looked at while other calls wait: every 3 s. Once a look has found an ending that nobody
 * told, the next ones may be untold too: then after 250 ms, doubled with each look that finds the call running. The same if the
 * holder was interrupted, because it ends soon.
 */
const holderCheckMs = 3_000;
const firstCheckMs = 250;
/** How often it is looked at even if nobody waits, unless the session's limits say otherwise. */
const lookEveryMs = 6 * 3_600_000;
/**
 * The last pause between the signals to a call that does not exist yet when the session closes: up to 200 ms, 350 ms in all,
 * because a new session with the same id may be waiting to start.
 */
const lastResendAtCloseMs = 200;

/**
 * After how many history events a session continues as new, if it was created before `SessionLimits.renewAtEvents` existed. The
 * limits of its next run get this number. Its present run continues as new when Temporal suggests it.
 */
const renewAtEvents = 150;

/** The first workflow task of a run starts with event 3 and adds 3 more than others: of the patch two, and the timer. */
const firstTaskStart = 3;
const firstTaskEvents = 3;

/** The pause before a failed write to the payload store is tried again. Until then the messages stay in the workflow. */
const storeRetryMs = 10_000;

// One read of a history, and a copy of large texts. Not retried: the next look repeats it.
const { readEnding } = proxyLocalActivities<TurnActivities>({
  startToCloseTimeout: '5 s',
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
  /** Whether calls of this run need not tell how they end. False for runs that began before the session could look. */
  const takesEndings = patched('takes-endings');
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
  /** Number of the turn that a reply has granted although a signal was under way. */
  let turnByReply: number | undefined;
  /** How soon the holder is looked at while other calls wait. */
  let checkMs = holderCheckMs;
  const interruptions = new Interruptions({
    hasEnding: (callId) => book.hasEnding(callId),
    mustRenew,
    isClosed,
  });

  const isInterrupted = ({ callId }: TurnHolder): boolean => book.isSuperseded(callId);

  /**
   * Sends the turn to a holder that waited in the queue. If the call does not exist yet, sends the signal again with backoff.
   * Then looks whether the call has ended or will never start, because such a call can only lose its turn.
   */
  const sendTurn = async (holder: TurnHolder | undefined): Promise<void> => {
    if (!holder || isInterrupted(holder)) return;
    const call = getExternalWorkflowHandle(callWorkflowId(holder.callId));
    const { turnNumber } = holder;
    const holds = (): boolean =>
      book.holder?.turnNumber === turnNumber && turnByReply !== turnNumber && !isInterrupted(holder);
    let drops = false;
    let sent = false;
    inFlight += 1;
    unsentTurn = turnNumber;
    for (let pauseMs = firstResendMs; ; pauseMs *= 2) {
      sent = await isDelivered(call.signal(turnGrantedSignal, { ...book.turnOf(holder), ...place }));
      if (sent && holds()) unsentTurn = undefined;
      if (sent || pauseMs > lastResendMs || !patched('wake-again')) break;
      // Not after the first signal: messages that the call sent before it ended are delivered together with the second.
      if (pauseMs > firstResendMs && holds() && isOverdue(book.holder, Date.now()))
        drops = takesEndings || patched('drop-overdue');
      if (drops) break;
      if (await condition(() => !holds() || mustRenew(), pauseMs)) break;
    }
    inFlight -= 1;
    if (sent) book.markSeen(turnNumber);
    if (takesEndings && !sent && holds()) await look(holder);
    else if (drops) await sendTurn(book.release(holder.callId, Date.now()));
  };

  /**
   * Looks whether the call that holds the turn has ended, and takes its ending over. A call that does not exist gives up its
   * turn if it should have started by now: without a trace if it never started, with a failed message if Temporal has removed
   * it.
   */
  const look = async ({ callId, turnNumber }: TurnHolder): Promise<void> => {
    inFlight += 1;
    const found = await readEnding(initial.sessionId, callId, life).catch(() => undefined);
    inFlight -= 1;
    const present = book.holder;
    if (!found || present?.turnNumber !== turnNumber) return;
    if (found.state === 'running') book.markSeen(turnNumber);
    else if (found.state === 'ended')
      await sendTurn(found.commit ? book.commit(found.commit, Date.now()) : book.release(callId, Date.now()));
    else if (isLost(present, everyMs, Date.now())) {
      log.warn('The ending of a call is lost: Temporal removed the call before its session took it over', {
        callId,
      });
      sink.endingLost();
      await sendTurn(book.lose(callId, Date.now()));
    } else if (isLate(present, Date.now()) || isOverdue(present, Date.now()))
      await sendTurn(book.release(callId, Date.now()));
  };
  const everyMs = limits.lookEveryMs ?? lookEveryMs;

  /** Looks at the holder from time to time even if nobody asks, so that no ending is lost with its call. */
  const lookNowAndThen = async (): Promise<never> => {
    for (;;) {
      await condition(() => book.holder !== undefined && !mustRenew());
      await sleep(everyMs);
      // A timer that finds no holder leaves a task without commands. If the next task is an update, a replay gives both to the
      // workflow at once, the update first. So a holder of this very moment must not be looked at: there was none.
      if (book.holder && book.holder.grantedAt < Date.now() && !mustRenew()) await look(book.holder);
    }
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

  /** Call this if the reply grants the turn to a call that has not started: a signal would repeat the call's first task. */
  const grantByReply = ({ turnNumber }: TurnHolder): void => {
    if (unsentTurn !== turnNumber || !patched('turn-by-reply')) return;
    turnByReply = turnNumber;
    unsentTurn = undefined;
  };

  /** Takes over the endings that the facade knows, then grants the turn or a place in the queue. */
  const openTurn = (callId: string, metadataBytes: number | undefined, wish: TurnWish = {}): TurnReply => {
    const now = Date.now();
    const turnBefore = book.holder?.turnNumber;
    const waitedBefore = book.queued.includes(callId);
    const interrupts = wish.whenBusy === 'interrupt' && patched('interrupts');
    // First, so that the ending of the holder passes the turn to none of those that wait.
    const interrupted = interrupts ? book.interrupt(callId, now, wish.taken) : [];
    interruptions.begin(interrupted, callId, book.holder?.callId);
    if (interrupted.length > 0) checkMs = firstCheckMs;
    for (const commit of wish.taken ?? []) book.commit(commit, now);
    const reply = book.openTurn(callId, now, metadataBytes);
    const { holder } = book;
    if (reply.state === 'queued' && reply.supersededBy !== undefined)
      interruptions.repeat(callId, reply.supersededBy, holder?.callId);
    if (wish.again && holder?.callId === callId) grantByReply(holder);
    const bySignal = holder?.callId !== callId || (waitedBefore && wish.again !== true);
    if (holder && holder.turnNumber !== turnBefore && bySignal) void sendTurn(holder);
    if (reply.state === 'committed') return reply;
    const heeds = wish.whenBusy === 'reject' || interrupts;
    const turn = { ...reply, ...place, ...(heeds && { heeded: true as const }) };
    if (!takesEndings || !wish.tellsEnding) return turn;
    const { historyLength: before } = workflowInfo();
    const hints: TurnHints = {
      holderId: holder?.callId ?? callId,
      historyLength: before + (before === firstTaskStart ? firstTaskEvents : 0),
      ...(interrupted.length > 0 && { interrupted }),
    };
    return { ...turn, endsByItself: true, hints };
  };

  setHandler(
    openTurnUpdate,
    (callId: string, metadataBytes?: number, itsLife?: string | null, wish?: TurnWish) => {
      const reply = openTurn(callId, metadataBytes, wish);
      if (typeof itsLife === 'string') book.markRunning(callId); // Only calls that run name a life.
      return reply;
    },
    {
      validator: (callId: string, metadataBytes?: number, itsLife?: string | null, wish?: TurnWish) => {
        refuseWhenClosed();
        if (isOfOtherLife(itsLife ?? undefined))
          throw ApplicationFailure.nonRetryable('That session was removed', 'session_not_found');
        const refusal = book.refusal(callId, metadataBytes, wish);
        const { holder } = book;
        const details: RefusalDetails = holder
          ? { holderId: holder.callId, grantedAt: holder.grantedAt }
          : {};
        if (refusal) throw ApplicationFailure.nonRetryable(refusal, refusal, details);
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

  /** Looks at a holder that others wait for, or that keeps the session from expiring. */
  const watch = async (holder: TurnHolder): Promise<void> => {
    if (!takesEndings) return watchInOldHistories(book, holder, movedOn, lifecycle, sendTurn);
    const wasInterrupted = isInterrupted(holder);
    const ends = (): boolean => movedOn(holder.turnNumber) || isInterrupted(holder) !== wasInterrupted;
    if (await condition(ends, checkMs)) return;
    await look(holder);
    const holdsOn = book.holder?.turnNumber === holder.turnNumber;
    checkMs = holdsOn ? Math.min(2 * checkMs, holderCheckMs) : firstCheckMs;
    lifecycle.holderSuspected = false;
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
  if (takesEndings) void lookNowAndThen();
  if (initial.holderUntold) void sendTurn(book.holder);
  for (const callId of initial.uncancelled ?? []) void interruptions.cancel(callId);
  for (;;) {
    await condition(() => isClosed() || mustRenew() || (book.holder !== undefined && needsCheck()));
    if (isClosed()) {
      await notifyWaitingCalls();
      await condition(() => interruptions.areIdle);
      return lifecycle.withCalls ? { callIds: book.callIds() } : {};
    }
    if (mustRenew()) {
      await condition(() => allHandlersFinished() && inFlight === 0 && interruptions.areIdle);
      if (isClosed()) continue; // The session was closed meanwhile; the state for the next run would not record that.
      const holderUntold = book.holder !== undefined && book.holder.turnNumber === unsentTurn;
      const state = {
        ...book.state(),
        ...(holderUntold && { holderUntold }),
        ...interruptions.state(),
      };
      // Without a memo here the next run would get that with which this run was started.
      const { memo } = workflowInfo();
      const renew = makeContinueAsNewFunc<typeof session>(memo && { memo });
      await renew(state, { renewAtEvents, ...limits });
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
