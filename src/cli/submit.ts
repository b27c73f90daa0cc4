/**
 * Sends a call to a node and waits for its end. All requests have the same Idempotency-Key, so repeats never make a second
 * call.
 */
import type { CallRequest } from '../contract/call-requests.ts';
import type { CallAccepted, CallAnswer } from '../contract/calls.ts';
import { delay } from '../lib/delay.ts';
import { isTransient } from './follow-events.ts';
import type { RequestOptions, NodeClient } from './http.ts';

/** A call to send. */
export interface CallToSend {
  readonly body: CallRequest;
  /** Members of the body that are sent as the user wrote them. */
  readonly rawMembers?: RequestOptions['rawMembers'];
  /** The Idempotency-Key, which makes a repeated request safe. */
  readonly key: string;
}

/** How long the node holds one request open while the call runs (`Prefer: wait`). Then the next request is sent. */
const waitSeconds = 25;
/** Pause before a request is repeated after a transient failure. */
const pauseMs = 500;

/** Sends the call. Returns its id when the node has accepted it. Throws what `NodeClient.request` throws. */
export async function submit(client: NodeClient, call: CallToSend, signal: AbortSignal): Promise<string> {
  const { body } = await send(client, call, 'respond-async', signal);
  return body.call_id;
}

/**
 * Waits until the call has ended. Retries after transient failures. Throws if the node cannot be reached for
 * `client.reconnectMs`, and when `signal` aborts.
 */
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

function send(
  client: NodeClient,
  { body, rawMembers, key }: CallToSend,
  prefer: string,
  signal: AbortSignal,
) {
  return client.request<CallAccepted | CallAnswer>('POST', '/call', {
    body,
    ...(rawMembers && { rawMembers }),
    headers: { 'Idempotency-Key': key, Prefer: prefer },
    timeoutMs: 'none',
    signal,
  });
}
