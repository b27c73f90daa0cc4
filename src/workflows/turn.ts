/** A call's side of its session's turn: get it, then leave what happened. */
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
import type { TurnActivities } from '../activities/turns.ts';
import type { CallInput } from '../domain/call.ts';
import type { ErrorType } from '../domain/failures.ts';
import { sessionWorkflowId } from '../domain/ids.ts';
import type { GrantedTurn, TurnCommit, TurnPlace, TurnReply, WindowMessage } from '../domain/session.ts';
import { isReference, type StoredText } from '../domain/stored-text.ts';
import { promptOf, textsOf } from '../domain/turn-text.ts';
import { commitTurnSignal, turnGrantedSignal } from './messages.ts';
import type { OldTurnCommit, ResetRun } from './resets-in-old-histories.ts';

/** A call that starts later than this after its grant may have lost it (session.ts frees a never started call's after 10 s). */
const grantStaleMs = 5_000;
/** The session's signal may be lost, or the session deleted; it is asked this often. */
const askAgainMs = 10_000;

// An update of the session: 20 ms. It holds a workflow task that the session's own may need, so it is short, and one that
// fails is asked again only after the loop below has waited.
const { openTurn } = proxyLocalActivities<TurnActivities>({
  startToCloseTimeout: '1 s',
  retry: { maximumAttempts: 1 },
});
// A signal to the session: 5 ms, after a copy of texts in the payload store. Retried until it is delivered, because a reply is never dropped (I4); bounded
// by the workflow's execution timeout.
const { commitTurn: deliverCommit, keepInSession } = proxyLocalActivities<TurnActivities>({
  startToCloseTimeout: '10 s',
  retry: { initialInterval: '100 ms', maximumInterval: '1 s' },
});

export type Turn =
  | { readonly status: 'granted'; readonly window: readonly WindowMessage[] }
  | { readonly status: 'failed'; readonly errorType: ErrorType; readonly message: string };

export class SessionTurn {
  private readonly input: CallInput;
  private readonly reset: ResetRun;
  /** Of the turn that the call has, or waits for. */
  private place: TurnPlace;
  private hasTurn = false;

  constructor(input: CallInput, reset: ResetRun) {
    this.input = input;
    this.reset = reset;
    this.place = placeOf(input.turn);
  }

  /** The window to send before the prompt, once it is this call's turn. At once without a session. */
  async wait(deadlineAt: () => number): Promise<Turn> {
    const turn = await waitForTurn(this.input, deadlineAt, this.reset, (granted) => {
      this.place = placeOf(granted);
    });
    this.hasTurn = turn.status === 'granted';
    return turn;
  }

  /** Whether the session keeps what the call left; undefined without a session. */
  async commit({ answer, onRecord, cancelled }: TurnEnding): Promise<boolean | undefined> {
    const { input, reset, place } = this;
    const { sessionId, callId, userId, metadata, turn, rerunOf } = input;
    if (sessionId === undefined || !turn) return undefined;
    // A session of before does not know of such commits.
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
  tellGranted: (turn: GrantedTurn) => void,
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
    if (sent) tellGranted(sent);
  });
  const comesByItself = turn.state === 'queued' && turn.comesByItself === true;
  if (comesByItself)
    await condition(() => woken, Math.max(1, Math.min(askAgainMs, deadlineAt() - Date.now())));
  for (;;) {
    if (comesByItself && granted) return { status: 'granted', window: granted.window };
    woken = false;
    const reply = await openTurn(sessionId, input.callId, turn.life).catch(rethrowCancellation);
    const settled = reply === 'unknown' ? undefined : settle(reply);
    if (typeof reply === 'object' && reply.state === 'granted') tellGranted(reply);
    if (settled?.status === 'granted') return settled;
    const restMs = deadlineAt() - Date.now();
    // Past the deadline a turn that is committed is this call's own doing, in a workflow task that was lost.
    if (settled && restMs > 0) return settled;
    if (restMs <= 0)
      return {
        status: 'failed',
        errorType: 'deadline_exceeded',
        message: passedWaiting(input),
      };
    await condition(() => woken, Math.min(askAgainMs, restMs));
  }
}

export function passedWaiting({ deadlineMs }: CallInput): string {
  return `The call's deadline of ${deadlineMs / 1_000} s passed while it waited for its session's turn`;
}

/** Both times are of the server's clock. */
function startedInTime(grantedAt: number): boolean {
  if (workflowInfo().startTime.getTime() - grantedAt > grantStaleMs) return false;
  // A call whose first task came late used to ask again.
  return Date.now() - grantedAt <= grantStaleMs || patched('turn-by-start');
}

/** Undefined: still queued. */
function settle(reply: TurnReply | undefined): Turn | undefined {
  // Deleted meanwhile: the call goes on without its session and says so when it ends.
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

export interface TurnEnding {
  /** Without one the user's message is kept as failed. */
  readonly answer?: { readonly agent: string; readonly content: StoredText } | undefined;
  /** Whether another task would end the call in the same way, were this one lost. */
  readonly onRecord: boolean;
  readonly cancelled?: true;
}

/**
 * Whether an agent is first asked within the task that comes to it. An answer is then on record with the task's commands
 * only, so the session must not hear of it before: one of these commands tells it.
 */
export function asksInTask({ firstTaskWaitMs, sessionId, rerunOf }: CallInput, reset: ResetRun): boolean {
  if (firstTaskWaitMs === undefined) return false;
  if (sessionId === undefined) return true;
  if (reset.at !== undefined) return false;
  // A rerun's answer used to be settled with its session within the task, since the session could decline it.
  return rerunOf === undefined || patched('rerun-asks-in-task');
}

/**
 * By one of the task's commands, which are committed with what it decided, all or none. The run that gave the turn is
 * of the same life, and takes what reaches it; where it is over, the session goes on in another run, or was removed.
 */
async function signalCommit(sessionId: string, commit: TurnCommit, place: TurnPlace): Promise<boolean> {
  const isLarge = textsOf(commit).some(isReference);
  const kept = isLarge ? await keepInSession(sessionId, commit, place.life) : commit;
  try {
    await getExternalWorkflowHandle(sessionWorkflowId(sessionId), place.runId).signal(commitTurnSignal, kept);
    return true;
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error; // There is no such workflow any more.
    return place.runId !== undefined && deliverCommit(sessionId, kept, place);
  }
}

/** A failed exchange is repeated later; a cancelled call is not. */
function rethrowCancellation(error: unknown): 'unknown' {
  if (isCancellation(error)) throw error;
  return 'unknown';
}
