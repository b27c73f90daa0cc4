/** Attaches a request to the call of its id that exists already; if that is another request's call, it is refused. */
import { Refusal } from '../../domain/failures.ts';
import type { Health } from '../agents/health.ts';
import type { Sessions } from '../sessions/sessions.ts';
import { isUnanswered } from '../temporal/rpc.ts';
import type { CallStatus } from './call-ending.ts';
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

export interface Submitted {
  /** `running` if it was started now. */
  readonly status: CallStatus;
  /** A call of this id was there already. */
  readonly attached: boolean;
}

/** Undefined if there is no call of this id. Throws the refusal `temporal_unavailable`. */
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
 * Looks up a call that this node has seen: a repeat of its request then needs no chain, stored prompt or turn.
 * Undefined if this node has not seen it, it was deleted, or Temporal does not answer.
 */
export async function findKnownCall(
  deps: Pick<AttachDependencies, 'calls'>,
  request: Attaching,
): Promise<Attached | undefined> {
  if (!deps.calls.isKnown(request.callId)) return undefined;
  try {
    return await findExistingCall(deps, request);
  } catch (error) {
    if (isUnanswered(error)) return undefined; // A start is more patient.
    throw error;
  }
}

/** `turn` is one that was acquired for this request. Throws the refusal `idempotency_mismatch`. */
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
  // The turn is the running call's own. One for a call that ended, or is in another session, is given back.
  const used = running && call.sessionId === sessionId;
  if (turn && sessionId !== undefined && !used) await sessions.releaseTurn(sessionId, callId);
  if (!call.sameRequest)
    throw new Refusal('idempotency_mismatch', 'Use a new Idempotency-Key for another request');
  return { status: call.status, attached: true };
}
