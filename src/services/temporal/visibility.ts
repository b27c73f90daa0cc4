/** Listing by Temporal's visibility store: quoting, paging, counting. It lags by up to seconds. */
import { createHash } from 'node:crypto';
import type { temporal as proto } from '@temporalio/proto';
import { Refusal } from '../../domain/failures.ts';
import { rpc, rpcTimeoutMs, type Temporal } from './rpc.ts';

export type ListedExecution = proto.api.workflow.v1.IWorkflowExecutionInfo;

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; absent on the last page. */
  readonly nextCursor?: string;
}

/** A string literal of the list filter language; no value can end it early. */
export function quote(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/**
 * A condition that the workflow of this id meets, and where its id holds what no filter can compare (domain/searchable.ts)
 * others too: the caller leaves them out.
 */
export function mayHaveId(workflowId: string): string {
  const [comparable = ''] = /^[^"'\\?]*/.exec(workflowId) ?? [];
  return comparable === workflowId
    ? `WorkflowId = ${quote(workflowId)}`
    : `WorkflowId STARTS_WITH ${quote(comparable)}`;
}

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

export async function* listAll(temporal: Temporal, query: string): AsyncGenerator<ListedExecution> {
  let cursor: string | undefined;
  do {
    const page = await listPage(temporal, query, { limit: 200, cursor });
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

export async function count(temporal: Temporal, query: string): Promise<number> {
  const answer = await rpc(temporal, rpcTimeoutMs.read, () =>
    temporal.client.workflowService.countWorkflowExecutions({ namespace: temporal.namespace, query }),
  );
  return Number(answer.count);
}

/** How many there are of each `ExecutionStatus`, by Temporal's name of it. */
export async function countByStatus(temporal: Temporal, query: string): Promise<Map<string, number>> {
  const { groups } = await rpc(temporal, rpcTimeoutMs.read, () =>
    temporal.client.workflow.count(`${query} GROUP BY ExecutionStatus`),
  );
  return new Map(groups.map(({ groupValues, count: members }) => [String(groupValues[0]), members]));
}

const checkBytes = 8;

/** With a check of the list it belongs to: Temporal fails on a token that it did not make, after long retries. */
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
