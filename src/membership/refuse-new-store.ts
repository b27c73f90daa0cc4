import { readTerms } from '../client/cluster-terms.ts';
import type { Nodes } from '../client/nodes.ts';
import type { Temporal } from '../client/temporal.ts';
import { breachesOf } from '../domain/cluster-terms.ts';
import type { Config } from '../platform/config.ts';
import { StartupError } from '../platform/shutdown.ts';
import { inspectStoreId } from '../platform/store-watch.ts';
import { refusal } from './refusal.ts';

/**
 * A cluster that has its terms has its payload store: a folder that holds none is the wrong one, and is left as it is.
 * Throws `StartupError`.
 */
export async function refuseNewStore(
  temporal: Temporal,
  nodes: Nodes,
  store: Config['payloads']['store'],
): Promise<void> {
  if (store.kind !== 'folder' || (await inspectStoreId(store)) !== undefined) return;
  const terms = await readTerms(temporal).catch(() => undefined); // What fails here, joining tells.
  if (!terms) return;
  const self = { ...nodes.self, storeId: 'none yet' };
  const others = await nodes.look().catch(() => []);
  const place = { namespace: temporal.namespace, storePlace: store.path };
  throw new StartupError(refusal(breachesOf(terms, self, others), terms, self, others, place));
}
