/** Implements the local activities by which a running call opens and commits its turn in its session. */
import { randomUUID } from 'node:crypto';
import type { CallState, TurnActivities } from '../../activities/turn-activities.ts';
import { Refusal } from '../../domain/failures.ts';
import { callWorkflowId, sessionWorkflowId } from '../../domain/ids.ts';
import type { TurnCommit, TurnPlace, TurnReply } from '../../domain/session.ts';
import { replaceTexts } from '../../domain/turn-text.ts';
import { storeSegment } from '../../payloads/segments.ts';
import { sessionOwner, type Owner } from '../../payloads/owners.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import { commitTurnSignal, openTurnUpdate, settleTurnUpdate } from '../../workflows/messages.ts';
import type { OldTurnCommit } from '../../workflows/resets-in-old-histories.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import { sendUpdate, type EntityUpdateLimit } from '../temporal/entity-updates.ts';
import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';

interface TurnDependencies {
  readonly temporal: Temporal;
  readonly updateLimit: EntityUpdateLimit;
  readonly texts: TextStore;
}

/** Creates the activities. `updateLimit` is shared with the facade of the same process. */
export function createTurns(
  temporal: Temporal,
  updateLimit: EntityUpdateLimit,
  texts: TextStore,
): TurnActivities {
  const deps: TurnDependencies = { temporal, updateLimit, texts };
  return {
    openTurn: (sessionId, callId, life) => openTurn(deps, sessionId, callId, life),
    keepInSession: (sessionId, commit, life) => keepInSession(texts, sessionOwner(sessionId, life), commit),
    commitTurn: (sessionId, commit, place = {}) => commitTurn(deps, sessionId, commit, place),
    callState: (callId) => callState(temporal, callId),
    storeSegment: (sessionId, segment, life) => storeSegment(texts, sessionOwner(sessionId, life), segment),
  };
}

/**
 * Acquires a turn, or a place in the queue, for a call that runs. The reply is `committed` if this call has already had its
 * turn. Undefined if the session, or the given life of it, no longer exists.
 */
async function openTurn(
  { temporal, updateLimit }: TurnDependencies,
  sessionId: string,
  callId: string,
  life: string | undefined,
): Promise<TurnReply | undefined> {
  const workflowId = sessionWorkflowId(sessionId);
  const args: [string, number?, string?] = life === undefined ? [callId] : [callId, 0, life];
  const options = { args, updateId: randomUUID() };
  try {
    return await updateLimit.run(workflowId, () =>
      rpc(temporal, rpcTimeoutMs.read, () =>
        sendUpdate(() => handleOf(temporal, workflowId).executeUpdate(openTurnUpdate, options)),
      ),
    );
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Ends the call's turn. Returns false if the session has not stored the commit. */
async function commitTurn(
  deps: TurnDependencies,
  sessionId: string,
  commit: TurnCommit,
  place: TurnPlace,
): Promise<boolean> {
  const { temporal, texts } = deps;
  const workflowId = sessionWorkflowId(sessionId);
  const owner = sessionOwner(sessionId, place.life);
  try {
    const kept = await keepInSession(texts, owner, commit);
    return await rpc(
      temporal,
      rpcTimeoutMs.read,
      async () =>
        (!mayBeDeclined(kept, place) && (await signalCommit(temporal, workflowId, kept, place))) ||
        (await settle(deps, workflowId, kept, place)),
    );
  } catch (error) {
    if (!isGone(error)) throw error;
    // The session no longer exists, so nothing refers to the copies.
    if (place.life !== undefined) await texts.drop(owner).catch(() => undefined);
    return false;
  }
}

/**
 * Sends the commit as a signal, which is cheap and has no reply, to the run of the session that granted the turn. Returns false
 * if that run is closed; a later run may have replaced it. If the run is not known, an error for a missing session is thrown.
 */
async function signalCommit(
  temporal: Temporal,
  workflowId: string,
  commit: TurnCommit,
  { runId }: TurnPlace,
): Promise<boolean> {
  try {
    await handleOf(temporal, workflowId, runId).signal(commitTurnSignal, commit);
    return true;
  } catch (error) {
    if (runId === undefined || !isNotFound(error)) throw error;
    return false;
  }
}

/** Sends the commit as an update. The reply says whether the session has stored it. */
function settle(
  { temporal, updateLimit }: TurnDependencies,
  workflowId: string,
  commit: TurnCommit,
  { life }: TurnPlace,
): Promise<boolean> {
  const args: [TurnCommit, string?] = life === undefined ? [commit] : [commit, life];
  const options = { args, updateId: randomUUID() };
  return updateLimit.run(workflowId, () =>
    sendUpdate(() => handleOf(temporal, workflowId).executeUpdate(settleTurnUpdate, options)),
  );
}

async function callState(temporal: Temporal, callId: string): Promise<CallState> {
  const call = await describeWorkflow(temporal, callWorkflowId(callId));
  if (!call) return 'missing';
  return call.status.name === 'RUNNING' ? 'running' : 'ended';
}

function handleOf({ client }: Temporal, workflowId: string, runId?: string) {
  return client.workflow.getHandle(workflowId, runId);
}

/**
 * Whether the session may decline the commit. If so, an update is needed, because its reply says whether the commit was
 * declined. A session stores every answer of a call that holds the turn, except that an older run declines a rerun's answer if
 * a reset has already answered (workflows/resets-in-old-histories.ts). A session from before `runId` existed declines only
 * answers.
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

/** Copies the commit's texts to the session, because the call's own texts are deleted with the call. */
function keepInSession(texts: TextStore, owner: Owner, commit: TurnCommit): Promise<TurnCommit> {
  return replaceTexts(commit, (text) => texts.copyTo(owner, text));
}
