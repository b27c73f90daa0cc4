import { breachesOf } from '../domain/cluster-terms.ts';
import type { Config } from '../platform/config.ts';
import { StartupError } from '../platform/startup-error.ts';
import { inspectStoreId } from '../platform/store-watch.ts';
import { readTerms } from '../services/nodes/cluster-terms.ts';
import type { Nodes } from '../services/nodes/nodes.ts';
import type { Temporal } from '../services/temporal/rpc.ts';
import { refusal } from './refusal.ts';

/**
 * Refuses a folder that is not a payload store yet if the cluster already has terms. Such a cluster has a store, so the folder
 * must be the wrong one. Nothing is written into it. Throws `StartupError`.
 */
export async function refuseNewStore(
  temporal: Temporal,
  nodes: Nodes,
  store: Config['payloads']['store'],
): Promise<void> {
  if (store.kind !== 'folder' || (await inspectStoreId(store)) !== undefined) return;
  const terms = await readTerms(temporal).catch(() => undefined); // Joining reads them again, and reports the error.
  if (!terms) return;
  const self = { ...nodes.self, storeId: 'none yet' };
  const others = await nodes.look().catch(() => []);
  const place = { namespace: temporal.namespace, storePlace: store.path };
  throw new StartupError(refusal(breachesOf(terms, self, others), terms, self, others, place));
}
