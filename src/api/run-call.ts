import type { Request, Response } from 'express';
import { submitCall, type CallRequest } from '../client/submit-call.ts';
import type { CallEnding } from '../client/call-ending.ts';
import { Refusal, refusals } from '../domain/failures.ts';
import type { ApiDependencies } from './dependencies.ts';
import type { Reply } from './endpoint.ts';
import { parsePrefer } from './prefer.ts';
import { callAnswerToWire } from './wire.ts';

type Wish = Omit<CallRequest, 'callId' | 'fingerprint'> & {
  /** What becomes of the call when the client that waits for it goes away. */
  readonly onDisconnect: 'finish' | 'cancel';
};

/** Starts the call and waits as the caller prefers. */
export async function runCall(
  deps: ApiDependencies,
  { onDisconnect, ...wish }: Wish,
  identity: Pick<CallRequest, 'callId' | 'fingerprint'>,
  request: Request,
  response: Response,
): Promise<Reply> {
  const startedAt = performance.now();
  const { callId, fingerprint } = identity;
  const { waitMs, applied } = parsePrefer(request.header('Prefer'));
  if (applied !== undefined) response.set('Preference-Applied', applied);
  const known = deps.endedCalls.find(callId, fingerprint);
  const location = callLocation(callId);
  let ending: CallEnding | undefined;
  let accepted = known !== undefined;
  try {
    if (!known) await submitCall(deps, { ...wish, ...identity });
    accepted = true;
    if (waitMs !== 0) ending = known ?? (await waitForEnding(deps, callId, waitMs, onDisconnect, response));
  } catch (error) {
    // What it answered, or whether it was started, is unclear: the caller can look. Of a prompt that was refused before
    // its start there is nothing to look at.
    if (error instanceof Refusal && mayBeThere(error, accepted)) response.set('Location', location);
    throw error;
  }
  if (!ending)
    return { status: 202, body: { call_id: callId, status: 'running' }, headers: { Location: location } };
  deps.inFlight.done(callId);
  if (!known && request.header('Idempotency-Key') !== undefined)
    deps.endedCalls.keep(callId, fingerprint, ending);
  return {
    status: 200,
    body: callAnswerToWire(callId, wish.agentName, ending, performance.now() - startedAt),
  };
}

function mayBeThere({ type }: Refusal, accepted: boolean): boolean {
  return type === 'temporal_unavailable' || (accepted && refusals[type].status === 503);
}

export function callLocation(callId: string): string {
  return `/api/vps/calls/${encodeURIComponent(callId)}`;
}

/** Until the end, the caller's limit, the caller's disconnect or this node's drain. */
async function waitForEnding(
  { calls, drain, log }: ApiDependencies,
  callId: string,
  waitMs: number | undefined,
  onDisconnect: 'finish' | 'cancel',
  response: Response,
) {
  const gone = new AbortController();
  const onClose = (): void => gone.abort();
  response.once('close', onClose);
  if (response.closed) onClose();
  const signals = [gone.signal, drain.waitersReleased];
  if (waitMs !== undefined) signals.push(AbortSignal.timeout(waitMs));
  try {
    const ending = await calls.wait(callId, AbortSignal.any(signals));
    if (!ending && gone.signal.aborted && onDisconnect === 'cancel') {
      log.info({ callId }, 'Its client went away: the call is cancelled');
      await calls.cancel(callId);
    }
    return ending;
  } finally {
    response.off('close', onClose);
  }
}
