import type { Request, Response } from 'express';
import { submitCall, type CallRequest } from '../../services/calls/submit-call.ts';
import type { CallEnding } from '../../services/calls/call-ending.ts';
import { Refusal, refusals } from '../../domain/failures.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import type { callAccepted, callAnswer } from '../../contract/calls.ts';
import type { ReplyOf } from '../http/endpoint.ts';
import { parsePrefer } from './prefer.ts';
import type { Leaving } from './waiters.ts';
import { callAnswerToWire } from './wire.ts';

type Wish = Omit<CallRequest, 'callId' | 'fingerprint'> & {
  /** What becomes of the call when the client that waits for it goes away. */
  readonly onDisconnect: 'finish' | 'cancel';
};

type CallReply = ReplyOf<{
  200: { description: string; schema: typeof callAnswer };
  202: { description: string; schema: typeof callAccepted };
}>;

type Identity = Pick<CallRequest, 'callId' | 'fingerprint'>;

/** Starts the call and waits as the caller prefers. */
export async function runCall(
  deps: ApiDependencies,
  { onDisconnect, ...wish }: Wish,
  identity: Identity,
  request: Request,
  response: Response,
): Promise<CallReply> {
  const run = () => startAndWait(deps, wish, identity, request, response);
  // Part of the fingerprint: all that wait for one call wish for the same.
  if (onDisconnect === 'finish') return run();
  const leave = deps.waiters.enter(identity.callId);
  const waited = parsePrefer(request.header('Prefer')).waitMs !== 0;
  const notEnded = (): Leaving => (waited && response.closed ? 'gone' : 'told');
  try {
    const reply = await run();
    leave(reply.status === 202 ? notEnded() : 'told');
    return reply;
  } catch (error) {
    leave(response.hasHeader('Location') ? notEnded() : 'refused');
    throw error;
  }
}

async function startAndWait(
  deps: ApiDependencies,
  wish: Omit<Wish, 'onDisconnect'>,
  identity: Identity,
  request: Request,
  response: Response,
): Promise<CallReply> {
  const startedAt = performance.now();
  const { callId } = identity;
  const { waitMs, applied } = parsePrefer(request.header('Prefer'));
  if (applied !== undefined) response.set('Preference-Applied', applied);
  const location = callLocation(callId);
  let ending: CallEnding | undefined;
  let accepted = false;
  try {
    await submitCall(deps, { ...wish, ...identity });
    accepted = true;
    if (waitMs !== 0) ending = await waitForEnding(deps, callId, waitMs, response);
  } catch (error) {
    // What it answered, or whether it was started, is unclear: the caller can look. Of a prompt that was refused before
    // its start there is nothing to look at.
    if (error instanceof Refusal && mayBeThere(error, accepted)) response.set('Location', location);
    throw error;
  }
  if (!ending)
    return { status: 202, body: { call_id: callId, status: 'running' }, headers: { Location: location } };
  deps.inFlight.done(callId);
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
  { calls, drain }: ApiDependencies,
  callId: string,
  waitMs: number | undefined,
  response: Response,
) {
  const gone = new AbortController();
  const onClose = (): void => gone.abort();
  response.once('close', onClose);
  if (response.closed) onClose();
  const signals = [gone.signal, drain.waitersReleased];
  if (waitMs !== undefined) signals.push(AbortSignal.timeout(waitMs));
  try {
    return await calls.wait(callId, AbortSignal.any(signals));
  } finally {
    response.off('close', onClose);
  }
}
