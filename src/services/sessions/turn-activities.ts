/** Implements the local activities by which running calls and sessions learn of each other. */
import type { TurnActivities } from '../../activities/turn-activities.ts';
import { callWorkflowId, sessionWorkflowId } from '../../domain/ids.ts';
import type { SessionMemo } from '../../domain/session.ts';
import { storeSegment } from '../../payloads/segments.ts';
import { sessionOwner } from '../../payloads/owners.ts';
import { openTurnUpdate } from '../../workflows/messages.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import { findEnding } from './found-endings.ts';
import { commitTurn, isGone, keepInSession, updateSession, type TurnDependencies } from './turn-commits.ts';

/** Creates the activities. Their `updateLimit` is shared with the facade of the same process. */
export function createTurns(deps: TurnDependencies): TurnActivities {
  const { temporal, texts } = deps;
  return {
    openTurn: async (sessionId, callId, life) => {
      const args: [string, number?, string?] = life === undefined ? [callId] : [callId, 0, life];
      try {
        return await updateSession(deps, sessionId, openTurnUpdate, args);
      } catch (error) {
        if (isGone(error)) return undefined;
        throw error;
      }
    },
    keepInSession: (sessionId, commit, life) => keepInSession(texts, sessionOwner(sessionId, life), commit),
    commitTurn: (sessionId, commit, place) => commitTurn(deps, sessionId, commit, place),
    readEnding: async (sessionId, callId, life) => {
      const found = await findEnding(temporal, sessionId, callId);
      if (!found.commit || found.commit.life !== life) return found;
      const commit = await keepInSession(texts, sessionOwner(sessionId, life), found.commit);
      return { ...found, commit };
    },
    readSupersession: async (sessionId, callId) => {
      const session = await describeWorkflow(temporal, sessionWorkflowId(sessionId));
      const { superseded }: SessionMemo = session?.memo ?? {};
      return superseded?.[callId];
    },
    callState: async (callId) => {
      const call = await describeWorkflow(temporal, callWorkflowId(callId));
      if (!call) return 'missing';
      return call.status.name === 'RUNNING' ? 'running' : 'ended';
    },
    storeSegment: (sessionId, segment, life) => storeSegment(texts, sessionOwner(sessionId, life), segment),
  };
}
