/** Updates of the entity workflows (sessions, agent directory, agent health): bounded, retried, with typed refusals. */
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

/**
 * The most updates in flight to one entity. With more than 10 on one workflow, Temporal refuses updates and its client backs
 * off for seconds.
 */
const maxUpdatesInFlight = 4;

/** Limits the updates in flight to each entity. Further updates wait and are sent in the order of arrival. */
export class EntityUpdateLimit {
  private readonly semaphores = new KeyedSemaphores();

  /** Runs `send` while it holds one of the entity's permits. */
  run<T>(workflowId: string, send: () => Promise<T>): Promise<T> {
    return this.semaphores.run(workflowId, maxUpdatesInFlight, send);
  }
}

/** Starts the entity workflow unless it runs. Throws the refusal `temporal_unavailable`. */
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
 * Sends an update at most three times: again after a continue-as-new, a lost answer, or a worker that stopped while it
 * processed the update. `send` must use one fixed update id, so that the update takes effect once. Throws `Refusal` if the
 * entity's validator rejects the update or Temporal does not answer.
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

/** Whether the server reports that a worker's task ignored the update. Such an update had no effect. */
function isUnprocessed(error: unknown): boolean {
  return (
    error instanceof WorkflowUpdateFailedError &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === 'UnprocessedUpdate'
  );
}

/**
 * Whether an update failed because the entity's run is closed, or is closing and accepts no updates. The update had no
 * effect, or only on that run.
 */
export function isClosed(error: unknown): boolean {
  if (isNotFound(error) || (error instanceof Refusal && error.type === 'session_not_found')) return true;
  return (
    error instanceof WorkflowUpdateFailedError &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === 'AcceptedUpdateCompletedWorkflow'
  );
}

/** Translates a validator's typed rejection to a refusal. For a 429, session-refusals.ts adds the limit that was reached. */
function refusalOf(error: WorkflowUpdateFailedError): Error {
  const { cause } = error;
  if (cause instanceof ApplicationFailure && cause.type && Object.hasOwn(refusals, cause.type))
    return new Refusal(cause.type as OtherRefusalType, cause.message, {
      cause: error,
      ...(refusals[cause.type as RefusalType].status === 429 && { retryAfterSeconds: 1 }),
    });
  // The SDK gives this rejection no type of its own. test/api/session-append.test.ts fails if it words it in another way.
  if (cause instanceof ApplicationFailure && cause.message.startsWith('No registered handler for update'))
    return new Refusal(
      'temporal_unavailable',
      'A worker of an older version does not know this request yet; try again when all workers are upgraded',
      { retryAfterSeconds: 5, cause: error },
    );
  return error;
}
