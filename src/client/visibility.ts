/** Listing by Temporal's visibility store: quoting, paging, counting. It lags by up to seconds. */
import type { temporal as proto } from '@temporalio/proto';
import { Refusal } from '../domain/failures.ts';
import { rpc, rpcTimeoutMs, type Temporal } from './temporal.ts';

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
      ...(cursor !== undefined && { nextPageToken: decodeCursor(cursor) }),
    }),
  );
  return {
    items: executions,
    ...(nextPageToken.length > 0 && { nextCursor: Buffer.from(nextPageToken).toString('base64url') }),
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

function decodeCursor(cursor: string): Uint8Array {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length === 0 || bytes.toString('base64url') !== cursor)
    throw new Refusal('validation_failed', "The cursor is not one that this endpoint's next_cursor gave", {
      extra: { errors: [{ field: 'cursor', message: 'take it from next_cursor of the page before' }] },
    });
  return bytes;
}
