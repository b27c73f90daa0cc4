/**
 * The entity of one session. It grants turns to one call at a time in the order of acceptance (I4), takes over how each call
 * ends, moves old messages to the payload store, and continues as new before its history grows long. A call's own ending is the
 * record of its turn: usually the facade tells the session, and if it does not, the session looks (ADR 0035).
 */
import {
  allHandlersFinished,
  condition,
  makeContinueAsNewFunc,
  patched,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ClosedSession, SessionLimits, SessionState } from '../domain/session.ts';
import type { TurnCommit, TurnHints, TurnReply, TurnWish } from '../domain/turn.ts';
import { Interruptions } from './interruptions.ts';
import {
  closeSessionUpdate,
  commitTurnSignal,
  expireSessionUpdate,
  openTurnUpdate,
  readSessionQuery,
  releaseTurnSignal,
  settleTurnUpdate,
} from './messages.ts';
import { moveOut } from './older-messages.ts';
import { handleChanges } from './session-changes.ts';
import { refused, SessionRun } from './session-run.ts';
import { TurnHolding } from './turn-holding.ts';

/**
 * After how many history events a session continues as new, if it was created before `SessionLimits.renewAtEvents` existed. The
 * limits of its next run get this number. Its present run continues as new when Temporal suggests it.
 */
const renewAtEvents = 150;

/** The first workflow task of a run starts with event 3 and adds 3 more than others: of the patch two, and the timer. */
const firstTaskStart = 3;
const firstTaskEvents = 3;

/** The reply to the call whose turn is under way to it by a signal. */
const queuedFirst: TurnReply = { state: 'queued', position: 1, comesByItself: true };

export async function session(initial: SessionState, limits: SessionLimits): Promise<ClosedSession> {
  const run = new SessionRun(initial, limits);
  const { book } = run;
  const isClosed = (): boolean => run.closed;
  const holding = new TurnHolding(run, initial);
  const interruptions = new Interruptions(run);

  /** Takes over the endings that the facade knows, then grants the turn or a place in the queue. */
  const openTurn = (callId: string, metadataBytes: number | undefined, wish: TurnWish = {}): TurnReply => {
    run.noteLength();
    const now = Date.now();
    const turnBefore = book.holder?.turnNumber;
    const waitedBefore = book.queued.includes(callId);
    const interrupts = wish.whenBusy === 'interrupt' && patched('interrupts');
    // First, so that the ending of the holder passes the turn to none of those that wait.
    const interrupted = interrupts ? book.interrupt(callId, now, wish.taken) : [];
    interruptions.begin(interrupted, callId);
    if (interrupted.length > 0) holding.endsSoon();
    // With `again` the facade has just read the ending from the call's history. Other endings may be old, and of another life.
    const counts = ({ life }: TurnCommit): boolean => wish.again === true || !run.isOfOtherLife(life);
    for (const commit of wish.taken ?? []) if (counts(commit)) book.commit(commit, now);
    const opened = book.openTurn(callId, now, metadataBytes);
    const { holder } = book;
    // A call that has not started gets its turn by the reply alone.
    const bySignal = holder?.callId !== callId || (waitedBefore && wish.again !== true);
    if (holder && holder.turnNumber !== turnBefore && bySignal) void holding.sendTurn(holder);
    const comesBySignal = opened.state === 'granted' && holding.comesBySignal(opened, wish.again === true);
    const reply = comesBySignal ? queuedFirst : opened;
    if (reply.state === 'queued' && reply.supersededBy !== undefined)
      interruptions.repeat(callId, reply.supersededBy);
    if (reply.state === 'committed') return reply;
    const heeds = wish.whenBusy === 'reject' || interrupts;
    const turn = { ...reply, ...run.place, ...(heeds && { heeded: true as const }) };
    if (!run.takesEndings || !wish.tellsEnding) return turn;
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
        run.refuseOtherLife(itsLife ?? undefined);
        const refusal = book.refusal(callId, metadataBytes, wish);
        if (refusal) throw refused(refusal, book.holder);
      },
    },
  );
  setHandler(commitTurnSignal, (commit: TurnCommit) => {
    run.noteLength();
    if (run.isOfOtherLife(commit.life)) return; // A call with this id may have the turn in this life too.
    return holding.sendTurn(book.commit(commit, Date.now()));
  });
  setHandler(
    settleTurnUpdate,
    (commit: TurnCommit) => {
      run.noteLength();
      const { stored, next } = book.settle(commit, Date.now());
      void holding.sendTurn(next);
      return stored;
    },
    { validator: (_commit: TurnCommit, itsLife?: string) => run.refuseOtherLife(itsLife) },
  );
  setHandler(releaseTurnSignal, (callId) => {
    run.noteLength();
    void holding.sendTurn(book.release(callId, Date.now()));
    // The session was created for a call that was never started, or whose id belongs to another session.
    if (book.isUnused && patched('close-unused')) run.closed = true;
  });
  setHandler(readSessionQuery, () => (run.closed ? null : book.read()));
  setHandler(closeSessionUpdate, (withCalls) => {
    run.closed = true;
    run.withCalls ||= withCalls;
    return null;
  });
  setHandler(expireSessionUpdate, (cutoffMs) => {
    run.noteLength();
    const isQuiet = book.quietSince(cutoffMs);
    run.closed ||= isQuiet && !book.holder;
    run.holderSuspected ||= !run.closed && book.holder !== undefined;
    return run.closed || (isQuiet && 'held');
  });
  const appends = handleChanges(run, holding, initial);

  void moveOut(run);
  if (run.takesEndings) void holding.lookNowAndThen();
  // An update of this task may have passed the turn on already.
  if (initial.holderUntold && book.holder?.turnNumber === initial.holder?.turnNumber)
    void holding.sendTurn(book.holder);
  for (const callId of initial.uncancelled ?? []) void interruptions.cancel(callId);
  for (;;) {
    await condition(() => isClosed() || run.mustRenew || (book.holder !== undefined && holding.needsCheck));
    if (isClosed()) {
      await holding.notifyWaitingCalls();
      await condition(() => interruptions.areIdle);
      return run.withCalls ? { callIds: book.callIds() } : {};
    }
    if (run.mustRenew) {
      await condition(() => allHandlersFinished() && run.inFlight === 0 && interruptions.areIdle);
      if (isClosed()) continue; // The session was closed meanwhile; the state for the next run would not record that.
      const state = {
        ...book.state(),
        ...appends.state(),
        ...(holding.isUntold && { holderUntold: true as const }),
        ...interruptions.state(),
      };
      // Without a memo here the next run would get that with which this run was started.
      const { memo } = workflowInfo();
      const renew = makeContinueAsNewFunc<typeof session>(memo && { memo });
      await renew(state, { renewAtEvents, ...limits });
    }
    if (book.holder) await holding.watch(book.holder);
  }
}
