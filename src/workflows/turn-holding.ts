/** How a session passes its turn to a call that waits, and finds out that the call which holds the turn has ended. */
import {
  condition,
  getExternalWorkflowHandle,
  log,
  patched,
  proxyLocalActivities,
  proxySinks,
  sleep,
} from '@temporalio/workflow';
import type { TurnActivities } from '../activities/turn-activities.ts';
import { callWorkflowId } from '../domain/ids.ts';
import type { SessionState } from '../domain/session.ts';
import type { TurnHolder } from '../domain/turn.ts';
import { isLate, isLost, isOverdue } from '../domain/turn-holder.ts';
import { firstResendMs, isDelivered, lastResendMs } from './delivery.ts';
import { turnGrantedSignal } from './messages.ts';
import { watchInOldHistories } from './old-histories.ts';
import type { SessionRun } from './session-run.ts';
import type { SessionSinks } from './sinks.ts';

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

// One read of a history, and a copy of large texts. Not retried: the next look repeats it.
const { readEnding } = proxyLocalActivities<TurnActivities>({
  startToCloseTimeout: '5 s',
  retry: { maximumAttempts: 1 },
});

export class TurnHolding {
  private readonly run: SessionRun;
  private readonly lookEveryMs: number;
  /** Number of the turn that a waiting call was granted but has not been sent yet. */
  private unsentTurn: number | undefined;
  /** Number of the turn that is being sent by signals, in this run or the next. */
  private sendingTurn: number | undefined;
  /** Number of the turn of which a signal may or may not have arrived. */
  private signalledTurn: number | undefined;
  /** Number of the turn that a reply has granted while it was being sent. */
  private turnByReply: number | undefined;
  /** How soon the holder is looked at while other calls wait. */
  private checkMs = holderCheckMs;

  constructor(run: SessionRun, { holder, holderUntold }: SessionState) {
    this.run = run;
    if (holderUntold) this.unsentTurn = this.sendingTurn = holder?.turnNumber;
    this.lookEveryMs = run.limits.lookEveryMs ?? lookEveryMs;
  }

  /** Whether the holder waited in the queue and has not been sent its turn. */
  get isUntold(): boolean {
    const { holder } = this.run.book;
    return holder !== undefined && holder.turnNumber === this.unsentTurn;
  }

  /** Whether the holder needs checking: a call waits for the turn, or the session should expire. */
  get needsCheck(): boolean {
    return this.run.book.waiting > 0 || this.run.holderSuspected;
  }

  /**
   * Whether the turn of a call that asks for it comes by a signal which is under way. Such a call must wait for the signal: while
   * it asks its agent in its first task, the signal would repeat that task, and with it the request. A facade that asks `again`
   * for a call that it has not started gets the turn by the reply, unless a signal has been sent that may still arrive.
   */
  comesBySignal({ turnNumber }: { readonly turnNumber: number }, again: boolean): boolean {
    if (!this.run.takesEndings) return false;
    if (this.sendingTurn === turnNumber && (!again || this.signalledTurn === turnNumber)) return true;
    if (this.unsentTurn === turnNumber) {
      this.turnByReply = turnNumber;
      this.sendingTurn = undefined;
      this.unsentTurn = undefined;
    }
    return false;
  }

  /** Call this if the holder was interrupted. */
  endsSoon(): void {
    this.checkMs = firstCheckMs;
  }

  /**
   * Sends the turn to a holder that waited in the queue. If the call does not exist yet, sends the signal again with backoff.
   * Then looks whether the call has ended or will never start, because such a call can only lose its turn.
   */
  async sendTurn(holder: TurnHolder | undefined): Promise<void> {
    const { run } = this;
    const { book, takesEndings } = run;
    if (!holder || this.isInterrupted(holder) || this.turnByReply === holder.turnNumber) return;
    const call = getExternalWorkflowHandle(callWorkflowId(holder.callId));
    const { turnNumber } = holder;
    const holds = (): boolean =>
      book.holder?.turnNumber === turnNumber &&
      this.turnByReply !== turnNumber &&
      !this.isInterrupted(holder);
    let drops = false;
    let sent = false;
    run.inFlight += 1;
    this.unsentTurn = turnNumber;
    this.sendingTurn = turnNumber;
    for (let pauseMs = firstResendMs; ; pauseMs *= 2) {
      this.signalledTurn = turnNumber;
      sent = await isDelivered(call.signal(turnGrantedSignal, { ...book.turnOf(holder), ...run.place }));
      if (this.signalledTurn === turnNumber) this.signalledTurn = undefined;
      run.noteLength();
      if (sent && holds()) this.unsentTurn = undefined;
      if (sent || pauseMs > lastResendMs || !patched('wake-again')) break;
      // Not after the first signal: messages that the call sent before it ended are delivered together with the second.
      if (pauseMs > firstResendMs && holds() && isOverdue(book.holder, Date.now()))
        drops = takesEndings || patched('drop-overdue');
      if (drops) break;
      const ends = (): boolean => !holds() || run.mustRenew || (takesEndings && run.closed);
      // Tested first, because a timer that is cancelled at once leaves no event but takes a number.
      if ((takesEndings && ends()) || (await condition(ends, pauseMs))) break;
      run.noteLength();
    }
    run.inFlight -= 1;
    if (this.sendingTurn === turnNumber && !run.mustRenew) this.sendingTurn = undefined;
    if (sent) book.markSeen(turnNumber);
    if (takesEndings && !sent && holds() && !run.closed) await this.look(holder);
    else if (drops) await this.sendTurn(book.release(holder.callId, Date.now()));
  }

  /** Looks at the holder from time to time even if nobody asks, so that no ending is lost with its call. */
  async lookNowAndThen(): Promise<never> {
    const { run } = this;
    const { book } = run;
    for (;;) {
      await condition(() => book.holder !== undefined && !run.mustRenew);
      await sleep(this.lookEveryMs);
      run.noteLength();
      // A timer that finds no holder leaves a task without commands. If the next task is an update, a replay gives both to the
      // workflow at once, the update first. So a holder of this very moment must not be looked at: there was none.
      if (book.holder && book.holder.grantedAt < Date.now() && !run.mustRenew) await this.look(book.holder);
    }
  }

  /** Looks at a holder that others wait for, or that keeps the session from expiring. */
  async watch(holder: TurnHolder): Promise<void> {
    const { run } = this;
    const { turnNumber } = holder;
    const holdsOn = (): boolean => run.book.holder?.turnNumber === turnNumber;
    const movedOn = (): boolean => run.closed || run.mustRenew || !holdsOn() || !this.needsCheck;
    if (!run.takesEndings) return watchInOldHistories(run, holder, movedOn, (next) => this.sendTurn(next));
    const wasInterrupted = this.isInterrupted(holder);
    const ends = (): boolean => movedOn() || this.isInterrupted(holder) !== wasInterrupted;
    if (await condition(ends, this.checkMs)) return;
    run.noteLength();
    await this.look(holder);
    this.checkMs = holdsOn() ? Math.min(2 * this.checkMs, holderCheckMs) : firstCheckMs;
    run.holderSuspected = false;
  }

  /**
   * Signals the calls that still wait or were not sent their turn. They ask again, find that this life is over, and continue
   * without their session. The session completes only after that, because signals of a completed run may be lost.
   */
  async notifyWaitingCalls(): Promise<void> {
    const { book } = this.run;
    const unsentHolder = book.holder && this.isUntold ? [book.holder.callId] : [];
    const callIds = [...unsentHolder, ...book.queued];
    if (callIds.length > 0 && patched('wake-at-close')) await Promise.all(callIds.map(notifyCall));
  }

  /**
   * Looks whether the call that holds the turn has ended, and takes its ending over. A call that does not exist gives up its
   * turn if it should have started by now: without a trace if it never started, with a failed message if Temporal has removed
   * it.
   */
  private async look({ callId, turnNumber }: TurnHolder): Promise<void> {
    const { run } = this;
    const { book } = run;
    run.inFlight += 1;
    const found = await readEnding(run.sessionId, callId, run.life).catch(() => undefined);
    run.noteLength();
    run.inFlight -= 1;
    const present = book.holder;
    if (!found || present?.turnNumber !== turnNumber) return;
    const now = Date.now();
    if (found.state === 'running') {
      book.markSeen(turnNumber);
      // It started after the last signal was sent, and waits for one.
      if (this.unsentTurn === turnNumber) await this.sendTurn(present);
    } else if (found.state === 'ended')
      await this.sendTurn(found.commit ? book.commit(found.commit, now) : book.release(callId, now));
    else if (isLost(present, this.lookEveryMs, now)) {
      log.warn('The ending of a call is lost: Temporal removed the call before its session took it over', {
        callId,
      });
      sink.endingLost();
      await this.sendTurn(book.lose(callId, now));
    } else if (isLate(present, now) || isOverdue(present, now))
      await this.sendTurn(book.release(callId, now));
  }

  private isInterrupted({ callId }: TurnHolder): boolean {
    return this.run.book.isSuperseded(callId);
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
