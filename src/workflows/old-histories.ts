/**
 * What only old histories need: of calls and sessions that were begun by a version in which
 * - a call in a session committed its turn before it ended. Its turn has no `endsByItself`, and a session run without the marker
 *   `takes-endings` watches the holder of its turn in another way. Today a call's own ending is that record (ADR 0035).
 * - the API reset calls (ADR 0014). A reset was a second run of an ended call, with the marker `after-reset`. It held no turn of
 *   its session; its answer replaced the call's own failed message, unless a rerun had answered. A session run that may get such
 *   answers began with a state without `withoutResets`.
 *
 * The file, what it uses of the activities, and its recorded histories (test/replay/frozen-histories.ts) can be deleted when no
 * such call or run is left: the longest deadline (24 h) and Temporal's retention have passed since the upgrade, no older history
 * needs to be replayed, and every session has ended or continued as new.
 */
import {
  ApplicationFailure,
  condition,
  getExternalWorkflowHandle,
  patched,
  proxyLocalActivities,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { TurnActivities } from '../activities/turn-activities.ts';
import type { CallInput } from '../domain/call.ts';
import { sessionWorkflowId } from '../domain/ids.ts';
import type { SessionMessage } from '../domain/message.ts';
import { MessageTail } from '../domain/message-tail.ts';
import { SessionBook } from '../domain/session-book.ts';
import type { SessionLimits, SessionSegment, SessionState } from '../domain/session.ts';
import { isReference, type StoredText } from '../domain/stored-text.ts';
import type { Settlement, TurnCommit, TurnHolder, TurnPlace } from '../domain/turn.ts';
import { isLate } from '../domain/turn-holder.ts';
import { promptOf, textsOf } from '../domain/turn-text.ts';
import { commitTurnSignal } from './messages.ts';

/** How often the holder of the turn is checked, and the pause before a second check, which confirms that it is gone. */
const holderCheckMs = 3_000;
const holderRecheckMs = 1_000;
/** The most entries of each of the two sets of `OldSessionBook`. */
const maxRemembered = 500;

// One describe call. Not retried: the next check repeats it.
const { callState } = proxyLocalActivities<TurnActivities>({
  startToCloseTimeout: '2 s',
  retry: { maximumAttempts: 1 },
});
// A signal to the session, about 5 ms, after large texts are copied in the payload store. Retried until it is delivered,
// because a turn must not be dropped (I4); bounded by the workflow's execution timeout.
const { commitTurn: deliverCommit, keepInSession } = proxyLocalActivities<TurnActivities>({
  startToCloseTimeout: '10 s',
  retry: { initialInterval: '100 ms', maximumInterval: '1 s' },
});

/** How the call ended, as far as its session needs to know it. Without an answer it stores the user's message as failed. */
export interface TurnEnding {
  readonly answer?: { readonly agent: string; readonly content: StoredText } | undefined;
  readonly cancelled?: true;
}

/**
 * What a call does in another way if its history is old. Every call makes one. Today's calls only ask it for `asksInTask`, whose
 * first two lines count for them, and for `resetAt`, which they never have.
 */
export class OldCall {
  /**
   * Whether the history already determines how the call ends. If this workflow task is lost, the next one then ends the call in
   * the same way.
   */
  onRecord = true;
  private readonly input: CallInput;
  private noticedAt: number | undefined;

  constructor(input: CallInput) {
    this.input = input;
  }

  /**
   * When the run continued after its reset (epoch ms, workflow clock). Undefined before that, and in runs that no reset began.
   */
  get resetAt(): number | undefined {
    // Only in a replay: at other times `patched` would add the marker to a history without it.
    if (this.noticedAt === undefined && workflowInfo().unsafe.isReplaying && patched('after-reset'))
      this.noticedAt = Date.now();
    return this.noticedAt;
  }

  /**
   * Whether the call asks its agents within workflow tasks (first-task path). If it commits before it ends, the history then
   * holds an answer only once the task's commands are recorded, so the session must not get it earlier: the commit is one of
   * these commands.
   */
  get asksInTask(): boolean {
    const { firstTaskWaitMs, sessionId, turn, rerunOf } = this.input;
    if (firstTaskWaitMs === undefined) return false;
    if (sessionId === undefined || turn?.endsByItself) return true;
    if (this.resetAt !== undefined) return false;
    // A rerun's answer was committed by an update, because the session could decline it.
    return rerunOf === undefined || patched('rerun-asks-in-task');
  }

  /** Commits the turn. Returns whether the session stores it. */
  async commit({ answer, cancelled }: TurnEnding, hasTurn: boolean, place: TurnPlace): Promise<boolean> {
    const { sessionId = '', callId, userId, metadata, rerunOf } = this.input;
    const inTask = this.asksInTask;
    // First complete a task, so that the cancellation is in the history before the session is informed. If this task were lost
    // after that, an answer could still end the call while its session shows the turn as failed (I4).
    if (cancelled && !inTask && patched('cancelled-on-record')) await sleep(1);
    // Without a run id the session predates commits of calls that ended while they waited.
    const endedWaiting = !hasTurn && place.runId !== undefined;
    const commit: OldTurnCommit = {
      callId,
      prompt: promptOf(this.input),
      ...(answer && { answer: { agent: answer.agent, content: answer.content } }),
      ...(userId !== undefined && { userId }),
      ...(metadata && { metadata }),
      ...(rerunOf !== undefined && { rerunOf }),
      ...(this.resetAt !== undefined && { reset: true }),
      ...(endedWaiting && { endedWaiting: cancelled ? 'cancelled' : 'failed' }),
    };
    const isOnRecord = this.onRecord && !cancelled;
    if (!isOnRecord && !endedWaiting && inTask) return signalCommit(sessionId, commit, place);
    return deliverCommit(sessionId, commit, place);
  }
}

/**
 * Commits by a signal that is one of the task's commands, so that the answer and the commit are recorded together or not at
 * all. It goes to the session run that granted the turn. If that run is over, the session has continued in another run or was
 * removed; the commit is then delivered by an activity, or given up if the run id is not known.
 */
async function signalCommit(sessionId: string, commit: TurnCommit, place: TurnPlace): Promise<boolean> {
  const isLarge = textsOf(commit).some(isReference);
  const kept = isLarge ? await keepInSession(sessionId, commit, place.life) : commit;
  try {
    await getExternalWorkflowHandle(sessionWorkflowId(sessionId), place.runId).signal(commitTurnSignal, kept);
    return true;
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error; // An ApplicationFailure: the run has ended.
    return place.runId !== undefined && deliverCommit(sessionId, kept, place);
  }
}

/** Frees the turn of a holder that has ended without a commit or was never started. */
export async function watchInOldHistories(
  run: { readonly book: SessionBook; holderSuspected: boolean },
  holder: TurnHolder,
  movedOn: () => boolean,
  sendTurn: (holder: TurnHolder | undefined) => Promise<void>,
): Promise<void> {
  const { book } = run;
  if (await condition(movedOn, holderCheckMs)) return;
  try {
    if (!(await isGone(book, holder))) return;
    // A commit that arrived during the check is delivered with the next workflow task, so check again after one.
    if (await condition(movedOn, holderRecheckMs)) return;
    if (await isGone(book, holder)) await sendTurn(book.release(holder.callId, Date.now()));
  } finally {
    run.holderSuspected = false;
  }
}

/**
 * Whether the holder's call has ended or will never start. A repeated request for the turn renews its grant, and the call may
 * start with the new grant. So the present grant counts, not the one in `holder`, which was read earlier.
 */
async function isGone(book: SessionBook, holder: TurnHolder): Promise<boolean> {
  const state = await callState(holder.callId).catch(() => 'unknown' as const);
  if (state !== 'missing' || !isLate(holder, Date.now())) return state === 'ended';
  const present = book.holder;
  const isStillLate = present?.turnNumber === holder.turnNumber && isLate(present, Date.now());
  return isStillLate || !patched('present-grant');
}

/** A commit to a session. `reset` is set if a reset began the run that commits. */
export interface OldTurnCommit extends TurnCommit {
  readonly reset?: true;
}

interface OldMessage extends SessionMessage {
  /** Set if a rerun of this failed call has answered, so that its reset may no longer answer. */
  readonly answeredByRerun?: true;
}

/** The state with which an older session run began. */
export interface OldSessionState extends SessionState {
  /** Ids of calls that answered after a reset, so that their reruns may no longer answer. */
  readonly resetCallIds?: readonly string[];
  /** Ids of calls whose reruns answered before the calls themselves left a message. */
  readonly overtakenCallIds?: readonly string[];
}

type Answer = NonNullable<TurnCommit['answer']>;

/** The rules of an older session run. The state for its next run has `withoutResets`. */
export class OldSessionBook extends SessionBook {
  private readonly answeredByReset: Set<string>;
  private readonly overtaken: Set<string>;

  constructor(state: OldSessionState, limits: SessionLimits) {
    super(state, limits);
    this.answeredByReset = new Set(state.resetCallIds);
    this.overtaken = new Set(state.overtakenCallIds);
  }

  /** Stores either the answer of a call's reset or the answers of its reruns, never both. */
  override settle(commit: OldTurnCommit, nowMs: number): Settlement {
    const { callId, answer, reset, rerunOf } = commit;
    if (!answer || (!reset && rerunOf === undefined)) return super.settle(commit, nowMs);
    const stored = this.accepts(commit, answer, nowMs);
    const inTurn = stored && !reset && this.holds(callId);
    const next = inTurn ? this.commit(commit, nowMs) : this.release(callId, nowMs);
    return { stored, ...(next && { next }) };
  }

  override append(message: SessionMessage): void {
    const { callId, failed } = message;
    const overtaken =
      callId !== undefined && (this.overtaken.has(callId) || this.overtaken.size >= maxRemembered);
    const marked: OldMessage = { ...message, ...(overtaken && failed && { answeredByRerun: true }) };
    super.append(marked);
  }

  override movedOut(segment: SessionSegment, key: string): void {
    // If a reset has changed one of the messages meanwhile, they stay here and are stored again.
    const { messages } = this.tail;
    if (segment.messages.every((message, index) => messages[index] === message)) super.movedOut(segment, key);
  }

  private accepts({ callId, rerunOf, reset }: OldTurnCommit, answer: Answer, nowMs: number): boolean {
    if (reset && this.answeredByReset.has(callId)) return true;
    if (!reset && !this.holds(callId)) return this.tail.messages.some((one) => one.callId === callId);
    if (rerunOf !== undefined && this.answeredByReset.has(rerunOf)) {
      this.recent.add(callId);
      return false;
    }
    if (reset && !this.answerInPlace(callId, answer, nowMs)) return false;
    if (rerunOf === undefined) return true;
    const marked = this.replaceFailed(rerunOf, (message) => [{ ...message, answeredByRerun: true }]);
    if (!marked && !this.recent.has(rerunOf) && this.overtaken.size < maxRemembered)
      this.overtaken.add(rerunOf);
    return true;
  }

  /**
   * Puts the answer after the call's failed message, and removes that message's mark `failed`. Returns false if the message is
   * missing or a rerun has answered.
   */
  private answerInPlace(callId: string, answer: Answer, nowMs: number): boolean {
    if (this.answeredByReset.size >= maxRemembered) return false;
    const timestamp = new Date(nowMs).toISOString();
    const found = this.replaceFailed(callId, (message) => {
      if (message.answeredByRerun) return undefined;
      const question: { failed?: true } & SessionMessage = { ...message };
      delete question.failed;
      return [question, { timestamp, role: 'assistant', ...answer, callId }];
    });
    if (!found) return false;
    this.answeredByReset.add(callId);
    this.content = { ...this.content, lastActivity: timestamp };
    return true;
  }

  private replaceFailed(
    callId: string,
    by: (message: OldMessage) => readonly OldMessage[] | undefined,
  ): boolean {
    const messages: OldMessage[] = this.tail.messages;
    const index = messages.findIndex((message) => message.callId === callId && message.failed === true);
    const message = messages[index];
    const replacement = message && by(message);
    if (!replacement) return false;
    this.tail = new MessageTail(messages.toSpliced(index, 1, ...replacement), this.limits);
    return true;
  }
}
