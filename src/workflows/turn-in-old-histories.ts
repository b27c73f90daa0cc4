/**
 * Compatibility with calls that commit their turn before they end, as all calls in sessions did before a call's own ending was
 * the record of its turn (ADR 0035).
 *
 * Only these use this file:
 * - calls whose turn has no `endsByItself`, because the session or the facade was of an older version;
 * - session runs whose history lacks the marker `takes-endings`. Their next run has it.
 *
 * The file, what it uses of the activities, and its recorded histories (test/replay/frozen-histories.ts) can be deleted under
 * the same conditions as resets-in-old-histories.ts.
 */
import {
  ApplicationFailure,
  condition,
  getExternalWorkflowHandle,
  patched,
  proxyLocalActivities,
  sleep,
} from '@temporalio/workflow';
import type { TurnActivities } from '../activities/turn-activities.ts';
import type { CallInput } from '../domain/call.ts';
import { sessionWorkflowId } from '../domain/ids.ts';
import type { SessionBook } from '../domain/session-book.ts';
import type { TurnCommit, TurnHolder, TurnPlace } from '../domain/turn.ts';
import { isReference, type StoredText } from '../domain/stored-text.ts';
import { isLate } from '../domain/turn-holder.ts';
import { promptOf, textsOf } from '../domain/turn-text.ts';
import { commitTurnSignal } from './messages.ts';
import type { OldTurnCommit, ResetRun } from './resets-in-old-histories.ts';

/** `holderRecheckMs` is the pause before a second check, which confirms that the holder is gone. */
const holderCheckMs = 3_000;
const holderRecheckMs = 1_000;

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

/** How the call ended, as far as its session needs to know it. */
export interface TurnEnding {
  /** The answer. If it is absent, the session stores the user's message as failed. */
  readonly answer?: { readonly agent: string; readonly content: StoredText } | undefined;
  /**
   * Whether the history already determines the ending. If this workflow task is lost, the next one then ends the call in the
   * same way.
   */
  readonly onRecord: boolean;
  readonly cancelled?: true;
}

interface OldTurnEnding extends TurnEnding {
  readonly hasTurn: boolean;
  readonly place: TurnPlace;
}

/** Commits the turn of a call in a session. Returns whether the session stores it. */
export async function commitInOldHistories(
  input: CallInput,
  reset: ResetRun,
  { answer, onRecord, cancelled, hasTurn, place }: OldTurnEnding,
): Promise<boolean> {
  const { sessionId = '', callId, userId, metadata, rerunOf, firstTaskWaitMs } = input;
  const inTask = firstTaskWaitMs !== undefined && askedInTaskInOldHistories(input, reset);
  // First complete a task, so that the cancellation is in the history before the session is informed. If this task were lost
  // after that, an answer could still end the call while its session shows the turn as failed (I4).
  if (cancelled && !inTask && patched('cancelled-on-record')) await sleep(1);
  // Without a run id the session predates commits of calls that ended while they waited.
  const endedWaiting = !hasTurn && place.runId !== undefined;
  const commit: OldTurnCommit = {
    callId,
    prompt: promptOf(input),
    ...(answer && { answer: { agent: answer.agent, content: answer.content } }),
    ...(userId !== undefined && { userId }),
    ...(metadata && { metadata }),
    ...(rerunOf !== undefined && { rerunOf }),
    ...(reset.at !== undefined && { reset: true }),
    ...(endedWaiting && { endedWaiting: cancelled ? 'cancelled' : 'failed' }),
  };
  if (!onRecord && !endedWaiting && inTask) return signalCommit(sessionId, commit, place);
  return deliverCommit(sessionId, commit, place);
}

/**
 * Whether a call in a session asked its agents within workflow tasks. The history then holds an answer only once the task's
 * commands are recorded, so the session must not get it earlier: the commit is one of these commands.
 */
export function askedInTaskInOldHistories({ rerunOf }: CallInput, reset: ResetRun): boolean {
  if (reset.at !== undefined) return false;
  // A rerun's answer was committed by an update, because the session could decline it.
  return rerunOf === undefined || patched('rerun-asks-in-task');
}

/**
 * Commits by a signal that is one of the task's commands, so that the answer and the commit are recorded together or not at
 * all. The signal goes to the session run that granted the turn. If that run is over, the session has continued in another run
 * or was removed; the commit is then delivered by an activity, or given up if the run id is not known. Returns whether the
 * session stores the turn.
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
  book: SessionBook,
  holder: TurnHolder,
  movedOn: (turnNumber: number) => boolean,
  lifecycle: { holderSuspected: boolean },
  sendTurn: (holder: TurnHolder | undefined) => Promise<void>,
): Promise<void> {
  if (await condition(() => movedOn(holder.turnNumber), holderCheckMs)) return;
  try {
    if (!(await isGone(book, holder))) return;
    // A commit that arrived during the check is delivered with the next workflow task, so check again after one.
    if (await condition(() => movedOn(holder.turnNumber), holderRecheckMs)) return;
    if (await isGone(book, holder)) await sendTurn(book.release(holder.callId, Date.now()));
  } finally {
    lifecycle.holderSuspected = false;
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
