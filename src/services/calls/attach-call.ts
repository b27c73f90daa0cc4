/**
 * Attaches a request to the call that already exists under its id. If that call was started by a different request, the
 * request is refused.
 */
import { Refusal } from '../../domain/failures.ts';
import type { Health } from '../agents/health.ts';
import type { Sessions } from '../sessions/sessions.ts';
import { isUnanswered } from '../temporal/rpc.ts';
import type { CallEnd, CallStatus } from './call-ending.ts';
import type { CallsInFlight } from './calls-in-flight.ts';
import type { Attached, Calls } from './calls.ts';

interface AttachDependencies {
  readonly calls: Calls;
  readonly inFlight: CallsInFlight;
  readonly health: Health;
  readonly sessions: Sessions;
}

interface Attaching {
  readonly callId: string;
  readonly fingerprint: string;
  readonly sessionId?: string | undefined;
}

/** The call that a request has started or is attached to. */
export interface Submitted {
  /** Status of the call; `running` if this request has started it. */
  readonly status: CallStatus;
  /** Whether the call existed before this request. */
  readonly attached: boolean;
  /** How the call has ended, if it existed and has ended. */
  readonly end?: CallEnd | undefined;
  /** The call's session, and the life of it that granted the turn. Absent without a session. */
  readonly session?: CallSession | undefined;
}

export interface CallSession {
  readonly sessionId: string;
  readonly life: string | undefined;
}

/** Looks up the call. Undefined if no call has this id. Throws the refusal `temporal_unavailable`. */
export async function findExistingCall(
  { calls }: Pick<AttachDependencies, 'calls'>,
  { callId, fingerprint }: Attaching,
): Promise<Attached | undefined> {
  try {
    return await calls.attach(callId, fingerprint);
  } catch (error) {
    if (error instanceof Refusal && error.type === 'call_not_found') return undefined;
    throw error;
  }
}

/**
 * Looks up a call that this node has seen before. A repeat of its request then needs no chain, no stored prompt and no turn.
 * Undefined if this node has not seen the call, if it was deleted, or if Temporal does not answer.
 */
export async function findKnownCall(
  deps: Pick<AttachDependencies, 'calls'>,
  request: Attaching,
): Promise<Attached | undefined> {
  if (!deps.calls.isKnown(request.callId)) return undefined;
  try {
    return await findExistingCall(deps, request);
  } catch (error) {
    if (isUnanswered(error)) return undefined; // The caller then starts the call, which retries for longer.
    throw error;
  }
}

/**
 * Attaches this request to `call`, returns the call's status, and gives back what the request has taken and does not need.
 * `turn` is the turn that was acquired for it, if any. Throws the refusal `idempotency_mismatch`.
 */
export async function attach(
  { inFlight, health, sessions }: AttachDependencies,
  { callId, sessionId }: Attaching,
  call: Attached,
  turn?: object,
): Promise<Submitted> {
  const running = call.status === 'running';
  if (!running) {
    inFlight.done(callId);
    health.release(callId);
  }
  if (turn && sessionId !== undefined) {
    // A running call in this session holds that turn. If it has ended, its session may not know that yet.
    if (call.sessionId !== sessionId) await sessions.releaseTurn(sessionId, callId);
    else if (!running) await sessions.settleTurn(sessionId, callId);
  }
  if (!call.sameRequest)
    throw new Refusal('idempotency_mismatch', 'Use a new Idempotency-Key for another request');
  const session = call.sessionId === undefined ? undefined : { sessionId: call.sessionId, life: call.life };
  return { status: call.status, attached: true, end: call.end, session };
}
