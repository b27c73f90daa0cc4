import type { Request, Response } from 'express';
import { submitCall, type CallRequest } from '../client/submit-call.ts';
import { Refusal } from '../domain/failures.ts';
import type { ApiDependencies } from './dependencies.ts';
import type { Reply } from './endpoint.ts';
import { parsePrefer } from './prefer.ts';
import { callAnswerToWire } from './wire.ts';

/** Starts the call and waits as the caller prefers. */
export async function runCall(
  deps: ApiDependencies,
  wish: Omit<CallRequest, 'callId' | 'fingerprint'>,
  identity: Pick<CallRequest, 'callId' | 'fingerprint'>,
  request: Request,
  response: Response,
): Promise<Reply> {
  const startedAt = performance.now();
  const { callId } = identity;
  const location = callLocation(callId);
  const { waitMs, applied } = parsePrefer(request.header('Prefer'));
  if (applied !== undefined) response.set('Preference-Applied', applied);
  try {
    await submitCall(deps, { ...wish, ...identity });
  } catch (error) {
    // Unclear whether it was started: the caller can look.
    if (error instanceof Refusal && error.type === 'temporal_unavailable') response.set('Location', location);
    throw error;
  }
  const ending = waitMs === 0 ? undefined : await waitForEnding(deps, callId, waitMs, response);
  if (!ending)
    return { status: 202, body: { call_id: callId, status: 'running' }, headers: { Location: location } };
  deps.inFlight.done(callId);
  return {
    status: 200,
    body: callAnswerToWire(callId, wish.agentName, ending, performance.now() - startedAt),
  };
}

export function callLocation(callId: string): string {
  return `/api/vps/calls/${encodeURIComponent(callId)}`;
}

/** Until the end, the caller's limit, the caller's disconnect (the call goes on) or this node's drain. */
async function waitForEnding(
  { calls, drain }: ApiDependencies,
  callId: string,
  waitMs: number | undefined,
  response: Response,
) {
  const gone = new AbortController();
  const onClose = (): void => gone.abort();
  response.once('close', onClose);
  const signals = [gone.signal, drain.waitersReleased];
  if (waitMs !== undefined) signals.push(AbortSignal.timeout(waitMs));
  try {
    return await calls.wait(callId, AbortSignal.any(signals));
  } finally {
    response.off('close', onClose);
  }
}
