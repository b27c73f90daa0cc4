/** A session's turns as a running call sees them: the local activities' implementation. */
import { randomUUID } from 'node:crypto';
import type { CallState, TurnActivities } from '../activities/turns.ts';
import { Refusal } from '../domain/failures.ts';
import { callWorkflowId, sessionWorkflowId } from '../domain/ids.ts';
import type { SecondAnswer, TurnCommit } from '../domain/session.ts';
import { storeSegment } from '../payloads/segments.ts';
import { sessionOwner, type Texts } from '../payloads/texts.ts';
import { commitTurn, openTurn, releaseTurn, settleTurn } from '../workflows/messages.ts';
import { sendUpdate, type EntityGate } from './entities.ts';
import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from './temporal.ts';

export function createTurns(temporal: Temporal, gate: EntityGate, texts: Texts): TurnActivities {
  const handle = (workflowId: string) => temporal.client.workflow.getHandle(workflowId);
  const settle = (workflowId: string, answer: SecondAnswer): Promise<boolean> => {
    const options = { args: [answer] as [SecondAnswer], updateId: randomUUID() };
    return gate.pass(workflowId, () =>
      sendUpdate(() => handle(workflowId).executeUpdate(settleTurn, options)),
    );
  };
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
        throw error;
      }
    },

    keepInSession: (sessionId, commit) => keepInSession(texts, sessionId, commit),

    async commitTurn(sessionId, commit) {
      const workflowId = sessionWorkflowId(sessionId);
      const { callId, reset, rerunOf } = commit;
      try {
        const kept = await keepInSession(texts, sessionId, commit);
        const send = async (): Promise<boolean> => {
          // Whether it is a second answer to the same request only the session knows.
          const { answer } = kept;
          if (answer && (reset || rerunOf !== undefined)) return settle(workflowId, { ...kept, answer });
          // What a call left as it failed stands as it is when its reset fails too.
          if (reset) await handle(workflowId).signal(releaseTurn, callId);
          else await handle(workflowId).signal(commitTurn, kept);
          return true;
        };
        return await rpc(temporal, rpcTimeoutMs.read, send);
      } catch (error) {
        if (isNotFound(error)) return false;
        if (error instanceof Refusal && error.type === 'session_not_found') return false;
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

    storeSegment: (sessionId, segment) => storeSegment(texts, sessionId, segment),
  };
}

/** What the call owns goes with the call; the session has its own copy. */
async function keepInSession(texts: Texts, sessionId: string, commit: TurnCommit): Promise<TurnCommit> {
  const owner = sessionOwner(sessionId);
  const { prompt, answer } = commit;
  return {
    ...commit,
    prompt: await texts.copyTo(owner, prompt),
    ...(answer && { answer: { ...answer, content: await texts.copyTo(owner, answer.content) } }),
  };
}
