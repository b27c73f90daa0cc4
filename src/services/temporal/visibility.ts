/**
 * Lists and counts workflows by Temporal's visibility store, which may lag by seconds. The queries are made in queries.ts.
 * Every function may throw the refusal `temporal_unavailable`.
 */
import { createHash } from 'node:crypto';
import type { temporal as proto } from '@temporalio/proto';
import { Refusal } from '../../domain/failures.ts';
import { executionInfoFromRaw } from '../../temporal-sdk/raw-answers.ts';
import { rpc, rpcTimeoutMs, type Temporal } from './rpc.ts';

/** One workflow execution, as Temporal's list RPC returns it. */
export type ListedExecution = proto.api.workflow.v1.IWorkflowExecutionInfo;

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** An opaque cursor for the next page of the same query. Absent on the last page. */
  readonly nextCursor?: string;
}

/**
 * Returns one page of workflows, newest first. Throws the refusal `validation_failed` if the cursor does not belong to this
 * query.
 */
export async function listPage(
  temporal: Temporal,
  query: string,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Page<ListedExecution>> {
  const { executions, nextPageToken } = await rpc(temporal, rpcTimeoutMs.read, () =>
    temporal.client.workflowService.listWorkflowExecutions({
      namespace: temporal.namespace,
      query,
      pageSize: limit,
      ...(cursor !== undefined && { nextPageToken: decodeCursor(query, cursor) }),
    }),
  );
  return {
    items: executions,
    ...(nextPageToken.length > 0 && { nextCursor: encodeCursor(query, nextPageToken) }),
  };
}

/** Converts a listed execution to the client's type, with its memo and search attributes decoded. */
export function decodeListed({ client, namespace }: Temporal, item: ListedExecution) {
  return executionInfoFromRaw(item, client.options.loadedDataConverter, item, namespace);
}

/** Yields the workflows of all pages, one page after the other. Temporal returns at most 1,000 in a page. */
export async function* listAll(
  temporal: Temporal,
  query: string,
  limit = 200,
): AsyncGenerator<ListedExecution> {
  let cursor: string | undefined;
  do {
    const page = await listPage(temporal, query, { limit, cursor });
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

/** Returns how many workflows match the query. */
export async function count(temporal: Temporal, query: string): Promise<number> {
  const answer = await rpc(temporal, rpcTimeoutMs.read, () =>
    temporal.client.workflowService.countWorkflowExecutions({ namespace: temporal.namespace, query }),
  );
  return Number(answer.count);
}

/** Returns how many workflows match in each `ExecutionStatus`, by Temporal's name of the status. */
export async function countByStatus(temporal: Temporal, query: string): Promise<Map<string, number>> {
  const { groups } = await rpc(temporal, rpcTimeoutMs.read, () =>
    temporal.client.workflow.count(`${query} GROUP BY ExecutionStatus`),
  );
  return new Map(groups.map(({ groupValues, count: members }) => [String(groupValues[0]), members]));
}

const checkBytes = 8;

/**
 * Prefixes the token with a checksum of the query and the token. A cursor of another list, or a damaged one, is then refused
 * at once: Temporal would fail on it only after long retries.
 */
function encodeCursor(query: string, token: Uint8Array): string {
  return Buffer.concat([checkOf(query, token), token]).toString('base64url');
}

function decodeCursor(query: string, cursor: string): Uint8Array {
  const bytes = Buffer.from(cursor, 'base64url');
  const token = bytes.subarray(checkBytes);
  if (!bytes.subarray(0, checkBytes).equals(checkOf(query, token)))
    throw new Refusal('validation_failed', "The cursor is not one that this list's next_cursor gave", {
      extra: { errors: [{ field: 'cursor', message: 'take it from next_cursor of the page before' }] },
    });
  return token;
}

function checkOf(query: string, token: Uint8Array): Buffer {
  return createHash('sha256').update(JSON.stringify(query)).update(token).digest().subarray(0, checkBytes);
}
