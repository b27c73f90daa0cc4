/** The cluster's terms, as the memo of a workflow: they are read and written without a worker (ADR 0033). */
import { parseTerms, type ClusterTerms } from '../domain/cluster-terms.ts';
import { clusterTermsId } from '../domain/ids.ts';
import type { clusterTerms } from '../workflows/cluster-terms.ts';
import { isNotFound, rpc, rpcTimeoutMs, workflowTaskTimeout, type Temporal } from './temporal.ts';

/** The workflow runs, and no node of ours wrote its memo. */
export class UnreadableTerms extends Error {}

/** Undefined: no node has written any. Throws `UnreadableTerms`. */
export async function readTerms(temporal: Temporal): Promise<ClusterTerms | undefined> {
  try {
    const { status, memo } = await rpc(temporal, rpcTimeoutMs.write, () =>
      temporal.client.workflow.getHandle(clusterTermsId).describe(),
    );
    if (status.name !== 'RUNNING') return undefined;
    const terms = parseTerms(memo?.['terms']);
    if (!terms) throw new UnreadableTerms(`The workflow ${clusterTermsId} runs without terms in its memo`);
    return terms;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Starts the workflow that holds them. One that runs keeps its terms, or with `replace` is terminated first. */
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
