/** A call's side of its session: it waits for the turn, and commits the turn when the call ends. */
import {
  ApplicationFailure,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  patched,
  proxyLocalActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { TurnActivities } from '../activities/turn-activities.ts';
import type { CallInput } from '../domain/call.ts';
import type { ErrorType } from '../domain/failures.ts';
import { sessionWorkflowId } from '../domain/ids.ts';
import type { GrantedTurn, TurnCommit, TurnPlace, TurnReply, WindowMessage } from '../domain/session.ts';
import { isReference, type StoredText } from '../domain/stored-text.ts';
import { promptOf, textsOf } from '../domain/turn-text.ts';
import { commitTurnSignal, turnGrantedSignal } from './messages.ts';
import type { OldTurnCommit, ResetRun } from './resets-in-old-histories.ts';

/**
 * If a call starts more than this long after its turn was granted, it asks its session again. It may have lost the turn,
 * because the session frees the turn of a call that has not started after 10 s.
 */
const grantStaleMs = 5_000;
/** How often a waiting call asks its session for the turn, in case the signal was lost or the session was deleted. */
const askAgainMs = 10_000;

// An update of the session, about 20 ms. The timeout is short because the local activity occupies a workflow task that the
// session may need. Not retried: the loop below waits and asks again.
const { openTurn } = proxyLocalActivities<TurnActivities>({
  startToCloseTimeout: '1 s',
  retry: { maximumAttempts: 1 },
});
// A signal to the session, about 5 ms, after large texts are copied in the payload store. Retried until it is delivered,
// because a turn must not be dropped (I4); bounded by the workflow's execution timeout.
const { commitTurn: deliverCommit, keepInSession } = proxyLocalActivities<TurnActivities>({
  startToCloseTimeout: '10 s',
  retry: { initialInterval: '100 ms', maximumInterval: '1 s' },
});

/** The end of the wait: the turn, or the reason why the call cannot have it. */
export type Turn =
  | { readonly status: 'granted'; readonly window: readonly WindowMessage[] }
  | { readonly status: 'failed'; readonly errorType: ErrorType; readonly message: string };

export class SessionTurn {
  private readonly input: CallInput;
  private readonly reset: ResetRun;
  /** The session run and life that granted the call its turn or queued it. */
  private place: TurnPlace;
  private hasTurn = false;

  constructor(input: CallInput, reset: ResetRun) {
    this.input = input;
    this.reset = reset;
    this.place = placeOf(input.turn);
  }

  /** Waits for the turn and resolves with the window. Resolves at once for a call without a session. */
  async wait(deadlineAt: () => number): Promise<Turn> {
    const turn = await waitForTurn(this.input, deadlineAt, this.reset, (granted) => {
      this.place = placeOf(granted);
    });
    this.hasTurn = turn.status === 'granted';
    return turn;
  }

  /** Commits the turn. Returns whether the session stores it; undefined for a call without a session. */
  async commit({ answer, onRecord, cancelled }: TurnEnding): Promise<boolean | undefined> {
    const { input, reset, place } = this;
    const { sessionId, callId, userId, metadata, turn, rerunOf } = input;
    if (sessionId === undefined || !turn) return undefined;
    // Without a run id the session predates commits of calls that ended while they waited.
    const endedWaiting = !this.hasTurn && place.runId !== undefined;
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
    if (!onRecord && !endedWaiting && asksInTask(input, reset)) return signalCommit(sessionId, commit, place);
    return deliverCommit(sessionId, commit, place);
  }
}

function placeOf(turn: TurnPlace | undefined): TurnPlace {
  const { runId, life } = turn ?? {};
  return { ...(runId !== undefined && { runId }), ...(life !== undefined && { life }) };
}

async function waitForTurn(
  input: CallInput,
  deadlineAt: () => number,
  reset: ResetRun,
  onGranted: (turn: GrantedTurn) => void,
): Promise<Turn> {
  const { sessionId, turn } = input;
  if (sessionId === undefined || !turn) return { status: 'granted', window: [] };
  // Old histories only: a reset owned no turn, and asked with the window that the call had.
  if (turn.state === 'granted' && reset.at !== undefined) return { status: 'granted', window: turn.window };
  if (turn.state === 'granted' && startedInTime(turn.grantedAt))
    return { status: 'granted', window: turn.window };

  let woken = false;
  let granted: GrantedTurn | undefined;
  setHandler(turnGrantedSignal, (sent) => {
    woken = true;
    granted = sent;
    if (sent) onGranted(sent);
  });
  const comesByItself = turn.state === 'queued' && turn.comesByItself === true;
  if (comesByItself)
    await condition(() => woken, Math.max(1, Math.min(askAgainMs, deadlineAt() - Date.now())));
  for (;;) {
    if (comesByItself && granted) return { status: 'granted', window: granted.window };
    woken = false;
    const reply = await openTurn(sessionId, input.callId, turn.life).catch(rethrowCancellation);
    const settled = reply === 'unknown' ? undefined : turnFrom(reply);
    if (typeof reply === 'object' && reply.state === 'granted') onGranted(reply);
    if (settled?.status === 'granted') return settled;
    const restMs = deadlineAt() - Date.now();
    // After the deadline, `committed` means that this call committed in a workflow task that was lost.
    if (settled && restMs > 0) return settled;
    if (restMs <= 0)
      return {
        status: 'failed',
        errorType: 'deadline_exceeded',
        message: overdueInQueue(input),
      };
    await condition(() => woken, Math.min(askAgainMs, restMs));
  }
}

/** Returns the error text of a call whose deadline passed while it waited in its session's queue. */
export function overdueInQueue({ deadlineMs }: CallInput): string {
  return `The call's deadline of ${deadlineMs / 1_000} s passed while it waited for its session's turn`;
}

/** Whether the call started soon enough after its grant. Both times come from the server's clock. */
function startedInTime(grantedAt: number): boolean {
  if (workflowInfo().startTime.getTime() - grantedAt > grantStaleMs) return false;
  // Old histories: a call whose first task came late asked again, even if it had started in time.
  return Date.now() - grantedAt <= grantStaleMs || patched('turn-by-start');
}

/** Converts the session's reply to the end of the wait; undefined while the call is still queued. */
function turnFrom(reply: TurnReply | undefined): Turn | undefined {
  // The session was deleted: the call continues without it, and its result has `sessionStored: false`.
  if (!reply) return { status: 'granted', window: [] };
  switch (reply.state) {
    case 'granted':
      return { status: 'granted', window: reply.window };
    case 'committed':
      return { status: 'failed', errorType: 'internal', message: 'This call has had its turn already' };
    case 'queued':
      return undefined;
  }
}

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

/**
 * Whether the call asks its agents within workflow tasks (first-task path). The history then holds an answer only once the
 * task's commands are recorded, so the session must not get it earlier: the commit is one of these commands.
 */
export function asksInTask({ firstTaskWaitMs, sessionId, rerunOf }: CallInput, reset: ResetRun): boolean {
  if (firstTaskWaitMs === undefined) return false;
  if (sessionId === undefined) return true;
  if (reset.at !== undefined) return false;
  // Old histories: a rerun's answer was committed by an update, because the session could decline it.
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

/** Turns a failed `openTurn` into "unknown", so that the call asks again later. Rethrows a cancellation. */
function rethrowCancellation(error: unknown): 'unknown' {
  if (isCancellation(error)) throw error;
  return 'unknown';
}
