/** Stores the cluster terms in the memo of a workflow, so that they can be read and written without a worker (ADR 0033). */
import { parseTerms, type ClusterTerms } from '../../domain/cluster-terms.ts';
import { clusterTermsId } from '../../domain/ids.ts';
import type { clusterTerms } from '../../workflows/cluster-terms.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import { rpc, rpcTimeoutMs, workflowTaskTimeout, type Temporal } from '../temporal/rpc.ts';

/** Thrown if the workflow runs but its memo contains no terms that this version can read. */
export class UnreadableTerms extends Error {}

/**
 * Reads the cluster terms. Undefined if no node has written them. Throws `UnreadableTerms` and the refusal
 * `temporal_unavailable`.
 */
export async function readTerms(temporal: Temporal): Promise<ClusterTerms | undefined> {
  const holder = await describeWorkflow(temporal, clusterTermsId, { timeoutMs: rpcTimeoutMs.write });
  if (holder?.status.name !== 'RUNNING') return undefined;
  const terms = parseTerms(holder.memo?.['terms']);
  if (!terms) throw new UnreadableTerms(`The workflow ${clusterTermsId} runs without terms in its memo`);
  return terms;
}

/**
 * Starts the workflow that holds the terms. If one is already running, it keeps its terms, unless `replace` is set: then it is
 * terminated and replaced.
 */
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
