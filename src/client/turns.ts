/** A session's turns as a running call sees them: the local activities' implementation. */
import { randomUUID } from 'node:crypto';
import type { CallState, TurnActivities } from '../activities/turns.ts';
import { Refusal } from '../domain/failures.ts';
import { callWorkflowId, sessionWorkflowId } from '../domain/ids.ts';
import { commitTurn, openTurn } from '../workflows/messages.ts';
import { sendUpdate, type EntityGate } from './entities.ts';
import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from './temporal.ts';

export function createTurns(temporal: Temporal, gate: EntityGate): TurnActivities {
  const handle = (workflowId: string) => temporal.client.workflow.getHandle(workflowId);
  return {
    async openTurn(sessionId, callId) {
      const workflowId = sessionWorkflowId(sessionId);
      const options = { args: [callId] as [string], updateId: randomUUID() };
      try {
        return await gate.pass(workflowId, () =>
          rpc(temporal, rpcTimeoutMs.read, () =>
            sendUpdate(() => handle(workflowId).executeUpdate(openTurn, options)),
          ),
        );
      } catch (error) {
        if (isNotFound(error)) return undefined;
        if (error instanceof Refusal && error.type === 'session_not_found') return undefined;
        if (error instanceof Refusal && error.type === 'session_full') return { state: 'full' };
        throw error;
      }
    },

    async commitTurn(sessionId, commit) {
      try {
        await rpc(temporal, rpcTimeoutMs.read, () =>
          handle(sessionWorkflowId(sessionId)).signal(commitTurn, commit),
        );
        return true;
      } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
      }
    },

    async callState(callId): Promise<CallState> {
      try {
        const { status } = await rpc(temporal, rpcTimeoutMs.read, () =>
          handle(callWorkflowId(callId)).describe(),
        );
        return status.name === 'RUNNING' ? 'running' : 'ended';
      } catch (error) {
        if (isNotFound(error)) return 'missing';
        throw error;
      }
    },
  };
}
