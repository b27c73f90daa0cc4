/**
 * Starts a call and waits for its end, for any API. The outcome does not determine how the request is answered; the HTTP API
 * renders it in src/api/calls/call-reply.ts.
 */
import { callFields } from '../../domain/call-fields.ts';
import { Refusal, refusals } from '../../domain/failures.ts';
import { isUnanswered } from '../temporal/rpc.ts';
import type { CallSession } from './attach-call.ts';
import { withSessionStored, type CallEnd, type CallEnding } from './call-ending.ts';
import { submitCall, type CallRequest, type SubmitDependencies } from './submit-call.ts';
import type { Leaving, Waiters } from './waiters.ts';

/** A request to start a call and to wait for it. */
export interface AwaitedCall extends CallRequest {
  /** What happens to the call when the client that waits for it disconnects. */
  readonly onDisconnect: 'finish' | 'cancel';
}

/** How long a client waits for the call's end. */
export interface WaitWish {
  /** The longest wait, in ms. 0 means that the client does not wait; undefined, that it waits until the call ends. */
  readonly waitMs: number | undefined;
  /** Aborts when the client disconnects. */
  readonly gone: AbortSignal;
  /** Aborts when this node drains and no longer lets clients wait. */
  readonly released: AbortSignal;
}

/** How the wait for a call has ended. */
export type CallOutcome =
  /** The call has ended. `elapsedMs` is the time from the request to the end. */
  | { readonly state: 'ended'; readonly ending: CallEnding; readonly elapsedMs: number }
  /** The call was accepted and is still running. The client no longer waits, or did not want to wait. */
  | { readonly state: 'running' }
  /**
   * The request was refused. `mayExist` is true if it is unclear whether the call was started, or how it ended; the client can
   * then look it up.
   */
  | { readonly state: 'refused'; readonly refusal: Refusal; readonly mayExist: boolean };

export interface AwaitDependencies extends SubmitDependencies {
  readonly waiters: Waiters;
}

/** Starts the call and waits for its end. A `Refusal` is returned as the outcome `refused`; any other error is thrown. */
export async function startAndAwait(
  deps: AwaitDependencies,
  { onDisconnect, ...request }: AwaitedCall,
  wish: WaitWish,
): Promise<CallOutcome> {
  // `onDisconnect` is part of the fingerprint: all clients that wait for one call chose the same.
  if (onDisconnect === 'finish') return submitAndWait(deps, request, wish);
  const leave = deps.waiters.enter(
    callFields(request.callId, {
      sessionId: request.sessionId,
      agent: request.agentName,
      trace: request.trace,
    }),
  );
  try {
    const outcome = await submitAndWait(deps, request, wish);
    leave(leavingOf(outcome, wish));
    return outcome;
  } catch (error) {
    leave('refused');
    throw error;
  }
}

async function submitAndWait(
  deps: SubmitDependencies,
  request: CallRequest,
  { waitMs, gone, released }: WaitWish,
): Promise<CallOutcome> {
  const startedAt = performance.now();
  const { callId } = request;
  let accepted = false;
  const wait = () => {
    const signals = [gone, released];
    if (waitMs !== undefined) signals.push(AbortSignal.timeout(waitMs));
    return deps.calls.end(callId, AbortSignal.any(signals));
  };
  try {
    const { end: known, session, attached } = await submitCall(deps, request);
    accepted = true;
    if (waitMs === 0) return { state: 'running' };
    const end = known ?? (await wait());
    if (!end) return { state: 'running' };
    deps.inFlight.done(callId);
    const [ending, sessionStored] = await Promise.all([
      deps.calls.endingOf(callId, end),
      session && isStored(deps, callId, { ...session, attached }, end),
    ]);
    return {
      state: 'ended',
      ending: withSessionStored(ending, sessionStored),
      elapsedMs: performance.now() - startedAt,
    };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { state: 'refused', refusal: error, mayExist: mayExist(error, accepted) };
  }
}

/**
 * Whether the session stores the call's turn. If the session is gone and it is not known when it was removed: false for the call
 * of this request, since nothing of the turn is left; undefined for a repeat, which may come long after the call. Undefined as
 * well if Temporal does not answer.
 */
async function isStored(
  { sessions }: SubmitDependencies,
  callId: string,
  { sessionId, life, attached }: CallSession & { readonly attached: boolean },
  { endedAt, result, failure }: CallEnd,
): Promise<boolean | undefined> {
  const known = (result ?? failure)?.sessionStored;
  if (known !== undefined) return known;
  try {
    return (await sessions.stores(sessionId, { callId, life, endedAt })) ?? (attached ? undefined : false);
  } catch (error) {
    if (isUnanswered(error)) return undefined;
    throw error;
  }
}

/** Whether the refused call may exist. False if it was refused before its start, because then nothing can be looked up. */
function mayExist({ type }: Refusal, accepted: boolean): boolean {
  return type === 'temporal_unavailable' || (accepted && refusals[type].status === 503);
}

function leavingOf(outcome: CallOutcome, { waitMs, gone }: WaitWish): Leaving {
  if (outcome.state === 'ended') return 'answered';
  if (outcome.state === 'refused' && !outcome.mayExist) return 'refused';
  return waitMs !== 0 && gone.aborted ? 'gone' : 'answered';
}
