/** Implements the local activities by which running calls and sessions learn of each other. */
import type { CallState, FoundCall, TurnActivities } from '../../activities/turn-activities.ts';
import { callWorkflowId, sessionWorkflowId } from '../../domain/ids.ts';
import type { SessionMemo } from '../../domain/session.ts';
import type { Superseded, TurnReply } from '../../domain/turn.ts';
import { storeSegment } from '../../payloads/segments.ts';
import { sessionOwner } from '../../payloads/owners.ts';
import { openTurnUpdate } from '../../workflows/messages.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { findEnding } from './found-endings.ts';
import { commitTurn, isGone, keepInSession, updateSession, type TurnDependencies } from './turn-commits.ts';

/** Creates the activities. Their `updateLimit` is shared with the facade of the same process. */
export function createTurns(deps: TurnDependencies): TurnActivities {
  const { temporal, texts } = deps;
  return {
    openTurn: (sessionId, callId, life) => openTurn(deps, sessionId, callId, life),
    keepInSession: (sessionId, commit, life) => keepInSession(texts, sessionOwner(sessionId, life), commit),
    commitTurn: (sessionId, commit, place) => commitTurn(deps, sessionId, commit, place),
    readEnding: (sessionId, callId, life) => readEnding(deps, sessionId, callId, life),
    readSupersession: (sessionId, callId) => readSupersession(temporal, sessionId, callId),
    callState: (callId) => callState(temporal, callId),
    storeSegment: (sessionId, segment, life) => storeSegment(texts, sessionOwner(sessionId, life), segment),
  };
}

/**
 * Acquires a turn, or a place in the queue, for a call that runs. The reply is `committed` if this call has already had its
 * turn. Undefined if the session, or the given life of it, no longer exists.
 */
async function openTurn(
  deps: TurnDependencies,
  sessionId: string,
  callId: string,
  life: string | undefined,
): Promise<TurnReply | undefined> {
  try {
    return await updateSession(
      deps,
      sessionId,
      openTurnUpdate,
      life === undefined ? [callId] : [callId, 0, life],
    );
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function readEnding(
  { temporal, texts }: TurnDependencies,
  sessionId: string,
  callId: string,
  life: string | undefined,
): Promise<FoundCall> {
  const found = await findEnding(temporal, sessionId, callId);
  if (found.state !== 'ended' || !found.commit || found.commit.life !== life) return found;
  const commit = await keepInSession(texts, sessionOwner(sessionId, life), found.commit);
  return { state: 'ended', commit };
}

async function readSupersession(
  temporal: Temporal,
  sessionId: string,
  callId: string,
): Promise<Superseded | undefined> {
  const session = await describeWorkflow(temporal, sessionWorkflowId(sessionId));
  const { superseded }: SessionMemo = session?.memo ?? {};
  return superseded?.[callId];
}

async function callState(temporal: Temporal, callId: string): Promise<CallState> {
  const call = await describeWorkflow(temporal, callWorkflowId(callId));
  if (!call) return 'missing';
  return call.status.name === 'RUNNING' ? 'running' : 'ended';
}
