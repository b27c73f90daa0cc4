/** What every part of the client layer needs of Temporal, and how a refused or unanswered RPC is told apart. */
import { isGrpcServiceError, type Client, WorkflowNotFoundError } from '@temporalio/client';
import { rethrowKnownErrorTypes } from '../../temporal-sdk/raw-answers.ts';
import { NamespaceNotFoundError } from '@temporalio/common';
import { Refusal } from '../../domain/failures.ts';
import { withTimeLimit } from '../../lib/time-limit.ts';

export interface Temporal {
  readonly client: Client;
  readonly namespace: string;
  readonly taskQueue: string;
}

/** Every RPC has its own deadline: no request hangs on an unreachable server. */
export const rpcTimeoutMs = { ready: 1_500, read: 2_000, write: 5_000 } as const;

/** Workflow tasks of calls and entities: short, so that a dead worker's task is handed on soon. */
export const workflowTaskTimeout = '5 s';

/**
 * gRPC status codes: CANCELLED, UNKNOWN (a connection that broke), DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED,
 * FAILED_PRECONDITION (an update whose workflow task failed, as when a node goes down), ABORTED, UNAVAILABLE.
 */
const unansweredCodes = new Set<number>([1, 2, 4, 8, 9, 10, 14]);
const notFoundCode = 5;
/** PERMISSION_DENIED, UNAUTHENTICATED. */
const forbiddenCodes = new Set([7, 16]);

/** Runs one or a few RPCs under a deadline; an unanswered one becomes the refusal `temporal_unavailable`. */
export async function rpc<T>(temporal: Temporal, timeoutMs: number, call: () => Promise<T>): Promise<T> {
  try {
    const answer = temporal.client.withDeadline(Date.now() + timeoutMs, call);
    // The native connection tries an unreachable or failing server again for 10 s, whatever the deadline.
    return await withTimeLimit(answer, timeoutMs, () => {
      throw temporalUnavailable('no answer in time');
    });
  } catch (error) {
    if (isUnanswered(error)) throw temporalUnavailable(error);
    throw error;
  }
}

export function temporalUnavailable(cause: unknown): Refusal {
  return new Refusal('temporal_unavailable', 'Temporal did not answer in time; try again shortly', {
    retryAfterSeconds: 2,
    cause,
  });
}

/** Whether the server may or may not have taken the request: neither yes nor no came back. */
export function isUnanswered(error: unknown): boolean {
  return errorChain(error).some(
    (one) =>
      unansweredCodes.has(grpcCode(one)) ||
      (one instanceof Refusal && one.type === 'temporal_unavailable') ||
      // At its start a node found the namespace: a server that has just come up does not know it for a moment.
      isNamespaceMissing(one) ||
      (one instanceof Error && one.name === 'WorkflowUpdateRPCTimeoutOrCancelledError'),
  );
}

/** The server knows who asks, or not, and does not let them. */
export function isForbidden(error: unknown): boolean {
  return errorChain(error).some((one) => forbiddenCodes.has(grpcCode(one)));
}

export function isNotFound(error: unknown): boolean {
  return errorChain(error).some(
    (one) =>
      one instanceof WorkflowNotFoundError ||
      (grpcCode(one) === notFoundCode && !isNamespaceMissing(one)) ||
      isHistoryMissing(one),
  );
}

/** On PostgreSQL a history that is just being deleted is told of as INVALID_ARGUMENT. */
function isHistoryMissing(error: unknown): boolean {
  return grpcCode(error) === 3 && (error as Error).message.includes('workflow history not found');
}

/** Also as the bare RPCs of `workflowService` tell it: NOT_FOUND with a detail. */
function isNamespaceMissing(error: unknown): boolean {
  if (!isGrpcServiceError(error)) return error instanceof NamespaceNotFoundError;
  try {
    if (grpcCode(error) === notFoundCode) rethrowKnownErrorTypes(error);
    return false;
  } catch (known) {
    return known instanceof NamespaceNotFoundError;
  }
}

function grpcCode(error: unknown): number {
  return isGrpcServiceError(error) ? error.code : -1;
}

function errorChain(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let one = error; one !== undefined && one !== null && chain.length < 8;) {
    chain.push(one);
    one = one instanceof Error ? one.cause : undefined;
  }
  return chain;
}
