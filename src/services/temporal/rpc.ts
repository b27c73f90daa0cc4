/** The connection to Temporal, a deadline for every RPC, and the classification of its errors. */
import { isGrpcServiceError, type Client, WorkflowNotFoundError } from '@temporalio/client';
import { rethrowKnownErrorTypes } from '../../temporal-sdk/raw-answers.ts';
import { NamespaceNotFoundError } from '@temporalio/common';
import { Refusal } from '../../domain/failures.ts';
import { withTimeLimit } from '../../lib/time-limit.ts';

/** The client, with the namespace and the task queue of this deployment. */
export interface Temporal {
  readonly client: Client;
  readonly namespace: string;
  readonly taskQueue: string;
}

/** Deadlines of RPCs, in ms: for the readiness check, for reads, and for writes. */
export const rpcTimeoutMs = { ready: 1_500, read: 2_000, write: 5_000 } as const;

/**
 * The workflow task timeout of every workflow. It is short, so that the task of a worker that died soon goes to another worker.
 */
export const workflowTaskTimeout = '5 s';

/**
 * The gRPC status codes that are no definite answer: CANCELLED, UNKNOWN (a connection that broke), DEADLINE_EXCEEDED,
 * RESOURCE_EXHAUSTED, FAILED_PRECONDITION (an update whose workflow task failed, for example because a node stopped), ABORTED,
 * UNAVAILABLE.
 */
const unansweredCodes = new Set<number>([1, 2, 4, 8, 9, 10, 14]);
const notFoundCode = 5;
/** The gRPC status codes PERMISSION_DENIED and UNAUTHENTICATED. */
const forbiddenCodes = new Set([7, 16]);

/**
 * Runs `call`, which makes one or more RPCs, with one deadline for all. Throws the refusal `temporal_unavailable` if no answer
 * came.
 */
export async function rpc<T>(temporal: Temporal, timeoutMs: number, call: () => Promise<T>): Promise<T> {
  try {
    const answer = temporal.client.withDeadline(Date.now() + timeoutMs, call);
    // The deadline alone is not enough: the native connection retries an unreachable server for 10 s regardless of it.
    return await withTimeLimit(answer, timeoutMs, () => {
      throw temporalUnavailable('no answer in time');
    });
  } catch (error) {
    if (isUnanswered(error)) throw temporalUnavailable(error);
    throw error;
  }
}

/** Makes the refusal for an RPC that was not answered. */
export function temporalUnavailable(cause: unknown): Refusal {
  return new Refusal('temporal_unavailable', 'Temporal did not answer in time; try again shortly', {
    retryAfterSeconds: 2,
    cause,
  });
}

/** Whether it is unclear if the server has processed the request, because it gave no definite answer. */
export function isUnanswered(error: unknown): boolean {
  return errorChain(error).some(
    (one) =>
      unansweredCodes.has(grpcCode(one)) ||
      (one instanceof Refusal && one.type === 'temporal_unavailable') ||
      // The namespace existed when the node started. A server that has just started does not know it for a moment.
      isNamespaceMissing(one) ||
      isAttributeMissing(one) ||
      (one instanceof Error && one.name === 'WorkflowUpdateRPCTimeoutOrCancelledError'),
  );
}

/** Whether the server refused the credentials, because they are unknown or lack the permission. */
export function isForbidden(error: unknown): boolean {
  return errorChain(error).some((one) => forbiddenCodes.has(grpcCode(one)));
}

/** Whether the workflow or the run does not exist. A missing namespace is something else: see `isUnanswered`. */
export function isNotFound(error: unknown): boolean {
  return errorChain(error).some(
    (one) =>
      one instanceof WorkflowNotFoundError ||
      (grpcCode(one) === notFoundCode && !isNamespaceMissing(one)) ||
      isHistoryMissing(one),
  );
}

/**
 * Whether the error means that the history is missing. With PostgreSQL, Temporal answers INVALID_ARGUMENT while a history is
 * being deleted.
 */
function isHistoryMissing(error: unknown): boolean {
  return grpcCode(error) === 3 && (error as Error).message.includes('workflow history not found');
}

/**
 * Whether the error means that the namespace is missing. The RPCs of `workflowService` report that as NOT_FOUND with a detail.
 */
function isNamespaceMissing(error: unknown): boolean {
  if (!isGrpcServiceError(error)) return error instanceof NamespaceNotFoundError;
  try {
    if (grpcCode(error) === notFoundCode) rethrowKnownErrorTypes(error);
    return false;
  } catch (known) {
    return known instanceof NamespaceNotFoundError;
  }
}

/**
 * Whether the error means that a search attribute is missing. The attributes existed when the node started, but each of
 * Temporal's frontends learns of new ones a few seconds later.
 */
function isAttributeMissing(error: unknown): boolean {
  return (
    grpcCode(error) === 3 && (error as Error).message.includes('no mapping defined for search attribute')
  );
}

function grpcCode(error: unknown): number {
  return isGrpcServiceError(error) ? error.code : -1;
}

/** Returns the error and its causes, at most eight in all. */
function errorChain(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let one = error; one !== undefined && one !== null && chain.length < 8;) {
    chain.push(one);
    one = one instanceof Error ? one.cause : undefined;
  }
  return chain;
}
