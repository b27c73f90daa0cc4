/** A session's turns as a running call sees them: the local activities' implementation. */
import { randomUUID } from 'node:crypto';
import type { CallState, TurnActivities } from '../../activities/turns.ts';
import { Refusal } from '../../domain/failures.ts';
import { callWorkflowId, sessionWorkflowId } from '../../domain/ids.ts';
import type { TurnCommit, TurnPlace } from '../../domain/session.ts';
import { replaceTexts } from '../../domain/turn-text.ts';
import { storeSegment } from '../../payloads/segments.ts';
import { sessionOwner, type Owner } from '../../payloads/owners.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import { commitTurnSignal, openTurnUpdate, settleTurnUpdate } from '../../workflows/messages.ts';
import type { OldTurnCommit } from '../../workflows/resets-in-old-histories.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import { sendUpdate, type EntityUpdateLimit } from '../temporal/entity-updates.ts';
import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';

export function createTurns(temporal: Temporal, updateLimit: EntityUpdateLimit, texts: TextStore): TurnActivities {
  const handle = (workflowId: string, runId?: string) =>
    temporal.client.workflow.getHandle(workflowId, runId);
  const settle = (workflowId: string, commit: TurnCommit, { life }: TurnPlace): Promise<boolean> => {
    const args: [TurnCommit, string?] = life === undefined ? [commit] : [commit, life];
    const options = { args, updateId: randomUUID() };
    return updateLimit.run(workflowId, () =>
      sendUpdate(() => handle(workflowId).executeUpdate(settleTurnUpdate, options)),
    );
  };
  /** False: that run is over. The session may go on in another. */
  const signal = async (workflowId: string, commit: TurnCommit, { runId }: TurnPlace): Promise<boolean> => {
    try {
      await handle(workflowId, runId).signal(commitTurnSignal, commit);
      return true;
    } catch (error) {
      if (runId === undefined || !isNotFound(error)) throw error;
      return false;
    }
  };
  return {
    async openTurn(sessionId, callId, life) {
      const workflowId = sessionWorkflowId(sessionId);
      const args: [string, number?, string?] = life === undefined ? [callId] : [callId, 0, life];
      const options = { args, updateId: randomUUID() };
      try {
        return await updateLimit.run(workflowId, () =>
          rpc(temporal, rpcTimeoutMs.read, () =>
            sendUpdate(() => handle(workflowId).executeUpdate(openTurnUpdate, options)),
          ),
        );
      } catch (error) {
        if (isGone(error)) return undefined;
        throw error;
      }
    },

    keepInSession: (sessionId, commit, life) => keepInSession(texts, sessionOwner(sessionId, life), commit),

    async commitTurn(sessionId, commit, place = {}) {
      const workflowId = sessionWorkflowId(sessionId);
      const owner = sessionOwner(sessionId, place.life);
      try {
        const kept = await keepInSession(texts, owner, commit);
        return await rpc(
          temporal,
          rpcTimeoutMs.read,
          async () =>
            (!mayBeDeclined(kept, place) && (await signal(workflowId, kept, place))) ||
            (await settle(workflowId, kept, place)),
        );
      } catch (error) {
        if (!isGone(error)) throw error;
        // Nobody refers to the copies any more.
        if (place.life !== undefined) await texts.drop(owner).catch(() => undefined);
        return false;
      }
    },

    async callState(callId): Promise<CallState> {
      const call = await describeWorkflow(temporal, callWorkflowId(callId));
      if (!call) return 'missing';
      return call.status.name === 'RUNNING' ? 'running' : 'ended';
    },

    storeSegment: (sessionId, segment, life) => storeSegment(texts, sessionOwner(sessionId, life), segment),
  };
}

/**
 * Whether the session may keep nothing of the commit, so that only its reply to an update says what became of it. It keeps
 * every answer of a call that holds the turn; an older run declines a rerun's where a reset has answered
 * (workflows/resets-in-old-histories.ts). Sessions without a `runId` settle nothing but answers.
 */
function mayBeDeclined(
  { answer, rerunOf, reset, endedWaiting }: OldTurnCommit,
  { runId }: TurnPlace,
): boolean {
  if (answer) return reset === true || rerunOf !== undefined;
  return runId !== undefined && (reset === true || endedWaiting !== undefined);
}

function isGone(error: unknown): boolean {
  return isNotFound(error) || (error instanceof Refusal && error.type === 'session_not_found');
}

/** What the call owns goes with the call; the session has its own copy. */
function keepInSession(texts: TextStore, owner: Owner, commit: TurnCommit): Promise<TurnCommit> {
  return replaceTexts(commit, (text) => texts.copyTo(owner, text));
}
