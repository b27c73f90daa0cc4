/** Talking to the entity workflows: updates a few at a time, created where they are missing. */
import { WorkflowUpdateFailedError, type WorkflowClient } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { KeyedSemaphores } from '../../lib/keyed-semaphores.ts';
import { Refusal, refusals, type OtherRefusalType, type RefusalType } from '../../domain/failures.ts';
import {
  isNotFound,
  isUnanswered,
  rpc,
  rpcTimeoutMs,
  temporalUnavailable,
  workflowTaskTimeout,
  type Temporal,
} from './rpc.ts';

type StartOptions = Parameters<WorkflowClient['start']>[1];

/** Above 10 in flight on one entity Temporal refuses updates and its client backs off for seconds. */
const maxUpdatesInFlight = 4;

/** Bounds the updates in flight to each entity; the others wait and are sent in the order of arrival. */
export class EntityGate {
  private readonly semaphores = new KeyedSemaphores();

  pass<T>(workflowId: string, send: () => Promise<T>): Promise<T> {
    return this.semaphores.run(workflowId, maxUpdatesInFlight, send);
  }
}

export async function ensureEntity(
  { client, taskQueue, ...temporal }: Temporal,
  workflowType: string,
  workflowId: string,
  args: StartOptions['args'],
): Promise<void> {
  await rpc({ client, taskQueue, ...temporal }, rpcTimeoutMs.write, () =>
    client.workflow.start(workflowType, {
      workflowId,
      taskQueue,
      args: args ?? [],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowTaskTimeout,
    }),
  );
}

/**
 * An update that was cut off by a continue-as-new or a lost answer, or that a worker which went down left undone, is
 * sent again under the same update id.
 */
export async function sendUpdate<T>(send: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await send();
    } catch (error) {
      if (isUnprocessed(error)) {
        if (tries >= 3) throw temporalUnavailable(error);
      } else {
        if (error instanceof WorkflowUpdateFailedError) throw refusalOf(error);
        if (tries >= 3 || !isUnanswered(error)) throw error;
      }
    }
  }
}

/** The server's own word for an update that a worker's task did not mention: nothing of it has happened. */
function isUnprocessed(error: unknown): boolean {
  return (
    error instanceof WorkflowUpdateFailedError &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === 'UnprocessedUpdate'
  );
}

/**
 * The entity's run is closed, or accepts nothing any more as it is about to be: nothing has come of the update, or only in
 * a run that is over.
 */
export function isOver(error: unknown): boolean {
  if (isNotFound(error) || (error instanceof Refusal && error.type === 'session_not_found')) return true;
  return (
    error instanceof WorkflowUpdateFailedError &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === 'AcceptedUpdateCompletedWorkflow'
  );
}

/** A validator's typed rejection is a refusal of the API; which bound a 429 is about is told in session-bounds.ts. */
function refusalOf(error: WorkflowUpdateFailedError): Error {
  const { cause } = error;
  if (cause instanceof ApplicationFailure && cause.type && Object.hasOwn(refusals, cause.type))
    return new Refusal(cause.type as OtherRefusalType, cause.message, {
      cause: error,
      ...(refusals[cause.type as RefusalType].status === 429 && { retryAfterSeconds: 1 }),
    });
  return error;
}
