/** Handing a call to a node, and waiting for its end, so that neither a lost connection nor a restart asks twice. */
import type { CallRequest } from '../contract/call-requests.ts';
import type { CallAccepted, CallAnswer } from '../contract/calls.ts';
import { delay } from '../lib/delay.ts';
import { isTransient } from './follow-events.ts';
import type { RequestOptions, NodeClient } from './http.ts';

export interface CallToSend {
  readonly body: CallRequest;
  readonly rawMembers?: RequestOptions['rawMembers'];
  /** Idempotency-Key: what makes sending again safe. */
  readonly key: string;
}

/** One request waits this long on the node; then the next one does. */
const waitSeconds = 25;
const pauseMs = 500;

/** Returns the call's id once it is accepted. */
export async function submit(client: NodeClient, call: CallToSend, signal: AbortSignal): Promise<string> {
  const { body } = await send(client, call, 'respond-async', signal);
  return body.call_id;
}

/** Resolves once the call has ended. Throws when the node stays away. */
export async function untilEnded(client: NodeClient, call: CallToSend, signal: AbortSignal): Promise<void> {
  let awaySince: number | undefined;
  for (;;) {
    try {
      const { status } = await send(client, call, `wait=${waitSeconds}`, signal);
      if (status === 200) return;
      awaySince = undefined;
    } catch (error) {
      signal.throwIfAborted();
      awaySince ??= Date.now();
      if (!isTransient(error) || Date.now() - awaySince > client.reconnectMs) throw error;
      await delay(pauseMs, signal);
      signal.throwIfAborted();
    }
  }
}

function send(client: NodeClient, { body, rawMembers, key }: CallToSend, prefer: string, signal: AbortSignal) {
  return client.request<CallAccepted | CallAnswer>('POST', '/call', {
    body,
    ...(rawMembers && { rawMembers }),
    headers: { 'Idempotency-Key': key, Prefer: prefer },
    timeoutMs: 'none',
    signal,
  });
}
