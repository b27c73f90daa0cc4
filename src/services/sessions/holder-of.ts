import { sessionWorkflowId } from '../../domain/ids.ts';
import { readSessionQuery } from '../../workflows/messages.ts';
import { rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';

/**
 * Returns the call that has the session's turn, as far as the session knows. Undefined if none has, and if no worker answers:
 * it is only shown.
 */
export async function holderOf(temporal: Temporal, sessionId: string): Promise<string | undefined> {
  const handle = temporal.client.workflow.getHandle(sessionWorkflowId(sessionId));
  try {
    return (await rpc(temporal, rpcTimeoutMs.read, () => handle.query(readSessionQuery)))?.holderId;
  } catch {
    return undefined;
  }
}
