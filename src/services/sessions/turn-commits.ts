/** Tells a session how a call has ended, for facades and for calls that commit by themselves. */
import { randomUUID } from 'node:crypto';
import type { UpdateDefinition } from '@temporalio/common';
import { Refusal } from '../../domain/failures.ts';
import { sessionWorkflowId } from '../../domain/ids.ts';
import type { TurnCommit, TurnPlace } from '../../domain/turn.ts';
import { isReference } from '../../domain/stored-text.ts';
import { textsOf, withTexts } from '../../domain/turn-text.ts';
import { sessionOwner, type Owner } from '../../payloads/owners.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import { commitTurnSignal, settleTurnUpdate } from '../../workflows/messages.ts';
import type { OldTurnCommit } from '../../workflows/old-histories.ts';
import { sendUpdate, type EntityUpdateLimit } from '../temporal/entity-updates.ts';
import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';

export interface TurnDependencies {
  readonly temporal: Temporal;
  readonly updateLimit: EntityUpdateLimit;
  readonly texts: TextStore;
}

/** Sends an update to the session's present run, and returns its answer. */
export function updateSession<T, A extends [unknown, ...unknown[]]>(
  { temporal, updateLimit }: TurnDependencies,
  sessionId: string,
  update: UpdateDefinition<T, A>,
  args: A,
): Promise<T> {
  const workflowId = sessionWorkflowId(sessionId);
  const session = temporal.client.workflow.getHandle(workflowId);
  const options = { args, updateId: randomUUID() };
  return updateLimit.run(workflowId, () =>
    rpc(temporal, rpcTimeoutMs.read, () => sendUpdate(() => session.executeUpdate<T, A>(update, options))),
  );
}

/**
 * Commits a turn. Returns false if the session has not stored the commit. Throws the refusal `temporal_unavailable`. What the
 * commit has in the payload store is removed if the session no longer exists. With `byUpdate` it goes by an update if a worker
 * answers that: the server writes less for it than for a signal and its workflow task.
 */
export async function commitTurn(
  deps: TurnDependencies,
  sessionId: string,
  commit: TurnCommit,
  place: TurnPlace,
  { byUpdate = false } = {},
): Promise<boolean> {
  const { temporal, texts } = deps;
  const owner = sessionOwner(sessionId, place.life);
  try {
    const kept = await keepInSession(texts, owner, commit);
    const settle = (): Promise<boolean> => settleTurn(deps, sessionId, kept, place);
    if (mayBeDeclined(kept, place)) return await settle();
    // Only an update says that the session no longer exists, so that the texts are removed.
    if (byUpdate || textsOf(kept).some(isReference))
      try {
        return await settle();
      } catch (error) {
        if (isGone(error)) throw error; // Otherwise no worker answers, and a signal waits for one.
      }
    return (await signalCommit(temporal, sessionId, kept, place)) || (await settle());
  } catch (error) {
    if (!isGone(error)) throw error;
    // The session no longer exists, so nothing refers to the copies.
    if (place.life !== undefined) await texts.drop(owner).catch(() => undefined);
    return false;
  }
}

/**
 * Sends the commit as a signal, which is cheap and has no reply. Returns false if the run that it was sent to is closed; a later
 * run may have replaced it. A commit that names its life goes to the session's present run, since another life ignores it, and
 * a session with a long queue often continues as new between the grant and the end. Other commits go to the run that granted
 * the turn. If the run is not known, an error for a missing session is thrown.
 */
async function signalCommit(
  temporal: Temporal,
  sessionId: string,
  commit: TurnCommit,
  place: TurnPlace,
): Promise<boolean> {
  const runId = commit.life === undefined ? place.runId : undefined;
  const session = temporal.client.workflow.getHandle(sessionWorkflowId(sessionId), runId);
  try {
    await rpc(temporal, rpcTimeoutMs.read, () => session.signal(commitTurnSignal, commit));
    return true;
  } catch (error) {
    if (runId === undefined || !isNotFound(error)) throw error;
    return false;
  }
}

/** Sends the commit as an update. The reply says whether the session has stored it. */
export function settleTurn(
  deps: TurnDependencies,
  sessionId: string,
  commit: TurnCommit,
  { life }: TurnPlace,
): Promise<boolean> {
  return updateSession(deps, sessionId, settleTurnUpdate, life === undefined ? [commit] : [commit, life]);
}

/**
 * Whether the session may decline the commit. If so, an update is needed, because its reply says whether the commit was
 * declined. A session stores every answer of a call that holds the turn, except that an older run declines a rerun's answer if
 * a reset has already answered (workflows/old-histories.ts). A session from before `runId` existed declines only
 * answers.
 */
function mayBeDeclined(
  { answer, rerunOf, reset, endedWaiting }: OldTurnCommit,
  { runId }: TurnPlace,
): boolean {
  if (answer) return reset === true || rerunOf !== undefined;
  return runId !== undefined && (reset === true || endedWaiting !== undefined);
}

/** Whether the session, or the life of it that the turn belongs to, no longer exists. */
export function isGone(error: unknown): boolean {
  return isNotFound(error) || (error instanceof Refusal && error.type === 'session_not_found');
}

/** Copies the commit's texts to the session, because the call's own texts are deleted with the call. */
export function keepInSession(texts: TextStore, owner: Owner, commit: TurnCommit): Promise<TurnCommit> {
  return withTexts(commit, (text) => texts.copyTo(owner, text));
}
