/** The cluster's terms, as the memo of a workflow: they are read and written without a worker (ADR 0033). */
import type { ClusterTerms } from '../domain/cluster-terms.ts';
import { clusterTermsId } from '../domain/ids.ts';
import type { clusterTerms } from '../workflows/cluster-terms.ts';
import { isNotFound, rpc, rpcTimeoutMs, workflowTaskTimeout, type Temporal } from './temporal.ts';

/** Undefined: no node has written any. */
export async function readTerms(temporal: Temporal): Promise<ClusterTerms | undefined> {
  try {
    const { status, memo } = await rpc(temporal, rpcTimeoutMs.write, () =>
      temporal.client.workflow.getHandle(clusterTermsId).describe(),
    );
    return status.name === 'RUNNING' ? (memo?.['terms'] as ClusterTerms | undefined) : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Of nodes that write their terms at once the first one's stand; `replace`: in place of those that there are. */
export async function writeTerms(
  temporal: Temporal,
  terms: ClusterTerms,
  { replace }: { replace: boolean },
): Promise<void> {
  const { client, taskQueue } = temporal;
  await rpc(temporal, rpcTimeoutMs.write, () =>
    client.workflow.start('clusterTerms' satisfies typeof clusterTerms.name, {
      workflowId: clusterTermsId,
      taskQueue,
      args: [],
      memo: { terms },
      workflowIdConflictPolicy: replace ? 'TERMINATE_EXISTING' : 'USE_EXISTING',
      workflowTaskTimeout,
      staticSummary: 'What all nodes of this cluster must have in common',
    }),
  );
}
