/** Listing by Temporal's visibility store: paging, counting. It lags by up to seconds. What is asked is in queries.ts. */
import { createHash } from 'node:crypto';
import type { temporal as proto } from '@temporalio/proto';
import { Refusal } from '../../domain/failures.ts';
import { executionInfoFromRaw } from '../../temporal-sdk/raw-answers.ts';
import { rpc, rpcTimeoutMs, type Temporal } from './rpc.ts';

export type ListedExecution = proto.api.workflow.v1.IWorkflowExecutionInfo;

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; absent on the last page. */
  readonly nextCursor?: string;
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

/** One execution of a list as the client describes executions: with its memo and search attributes decoded. */
export function decodeListed({ client, namespace }: Temporal, item: ListedExecution) {
  return executionInfoFromRaw(item, client.options.loadedDataConverter, item, namespace);
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
