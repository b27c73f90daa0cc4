import type { Request, Response } from 'express';
import type { AwaitedCall } from '../../services/calls/start-and-await.ts';
import { callFields } from '../../domain/call-fields.ts';
import { noteCall } from '../http/noted-call.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { replyTo, type CallReply } from './call-reply.ts';
import { parsePrefer } from './prefer.ts';

/** Starts the call and waits until it ends, the caller's limit is over, the caller disconnects, or this node drains. */
export async function runCall(
  { calls, drain }: Pick<ApiDependencies, 'calls' | 'drain'>,
  call: AwaitedCall,
  request: Request,
  response: Response,
): Promise<CallReply> {
  noteCall(
    response,
    callFields(call.callId, { sessionId: call.sessionId, agent: call.agentName, trace: call.trace }),
  );
  const { waitMs, applied } = parsePrefer(request.header('Prefer'));
  if (applied !== undefined) response.set('Preference-Applied', applied);
  const gone = new AbortController();
  const onClose = (): void => gone.abort();
  response.once('close', onClose);
  if (response.closed) onClose();
  try {
    const wish = { waitMs, gone: gone.signal, released: drain.waitersReleased };
    return replyTo(await calls.startAndAwait(call, wish), call, response);
  } finally {
    response.off('close', onClose);
  }
}
