/** Renders the outcome of a call that was started and awaited (startAndAwait) as an HTTP response. */
import type { Response } from 'express';
import type { AwaitedCall, CallOutcome } from '../../services/calls/start-and-await.ts';
import type { callAccepted, callAnswer } from '../../contract/calls.ts';
import type { ReplyOf } from '../http/endpoint.ts';
import { callAnswerToWire } from './wire.ts';

/** The replies to a request that starts a call: 200 if the call has ended, 202 if it is still running. */
export type CallReply = ReplyOf<{
  200: { description: string; schema: typeof callAnswer };
  202: { description: string; schema: typeof callAccepted };
}>;

/**
 * Makes the reply for the outcome. Throws the refusal of a refused call, after setting Location on the response if the call may
 * exist.
 */
export function replyTo(
  outcome: CallOutcome,
  { callId, agentName }: Pick<AwaitedCall, 'callId' | 'agentName'>,
  response: Response,
): CallReply {
  const location = callLocation(callId);
  switch (outcome.state) {
    case 'ended':
      return { status: 200, body: callAnswerToWire(callId, agentName, outcome.ending, outcome.elapsedMs) };
    case 'running':
      return { status: 202, body: { call_id: callId, status: 'running' }, headers: { Location: location } };
    case 'refused':
      if (outcome.mayExist) response.set('Location', location);
      throw outcome.refusal;
  }
}

/** Returns the path of a call, for the header `Location`. */
export function callLocation(callId: string): string {
  return `/api/vps/calls/${encodeURIComponent(callId)}`;
}
