/** Holds the cluster terms in its memo (services/nodes/cluster-terms.ts). The workflow itself does nothing and never ends. */
import { condition } from '@temporalio/workflow';

export async function clusterTerms(): Promise<void> {
  await condition(() => false);
}
