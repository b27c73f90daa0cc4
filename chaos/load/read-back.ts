/** Reads a session after a client has got the answer of a call in it: the answer must be there, whichever facade is asked. */
import { callIdOf, type CallRequest } from './call-request.ts';
import { touches } from './removals.ts';
import type { Stage } from './stage.ts';

interface WireMessage {
  readonly call_id: string | null;
}

/**
 * Reads the session of `request`, whose ending a client has got, and records a violation if the session lacks its turn.
 * Returns false if there was no answer to the read.
 */
export async function readBack(
  { api, journal }: Pick<Stage, 'api' | 'journal'>,
  request: CallRequest,
  facade: string,
): Promise<boolean> {
  const { session_id: id = '' } = request.body;
  const callId = callIdOf(request);
  const answer = await api.send(facade, 'GET', `/api/vps/sessions/${id}`);
  if (answer?.status !== 200 && answer?.status !== 404) return false;
  const messages = (answer.body?.messages ?? []) as readonly WireMessage[];
  const isThere = messages.some((message) => message.call_id === callId);
  const sentAt = request.submissions[0]?.sentAt ?? 0;
  const mayBeRemoved = journal.removals.some((one) => touches(one, id) && one.until >= sentAt);
  if (!isThere && !mayBeRemoved)
    journal.recordViolation(
      'I4',
      `${id}: ${String(callId)}: had its answer, but ${facade} read the session without it (${answer.status})`,
    );
  return true;
}
