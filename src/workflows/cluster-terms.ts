/** Its memo holds what all nodes of the cluster must have in common (services/nodes/cluster-terms.ts). There is nothing to do. */
import { condition } from '@temporalio/workflow';

export async function clusterTerms(): Promise<void> {
  await condition(() => false);
}
