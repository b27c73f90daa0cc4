/** Handing a call to a node, and waiting for its end, so that neither a lost connection nor a restart asks twice. */
import { ProblemError, CliError } from './errors.ts';
import { pause } from './follow-events.ts';
import type { NodeClient } from './http.ts';

export interface CallToSend {
  readonly body: Readonly<Record<string, unknown>>;
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
  let heardAt = Date.now();
  for (;;) {
    try {
      const { status } = await send(client, call, `wait=${waitSeconds}`, signal);
      if (status === 200) return;
      heardAt = Date.now();
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error) || Date.now() - heardAt > client.reconnectMs) throw error;
      await pause(pauseMs, signal);
    }
  }
}

function send(client: NodeClient, { body, key }: CallToSend, prefer: string, signal: AbortSignal) {
  return client.ask<{ call_id: string }>('POST', '/call', {
    body,
    headers: { 'Idempotency-Key': key, Prefer: prefer },
    timeoutMs: 'none',
    signal,
  });
}

/** A node that restarts, or is busy, will know the call. */
function isPassing(error: unknown): boolean {
  if (error instanceof ProblemError) return [429, 503].includes(error.problem.status);
  return error instanceof CliError && error.exit === 'unreachable';
}
