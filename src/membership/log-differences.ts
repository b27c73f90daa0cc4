/** Logs how other nodes of the cluster differ from this one in what they should have in common. */
import { LRUCache } from 'lru-cache';
import { differencesOf, type Difference, type NodeCard } from '../domain/node-card.ts';
import type { ListedNode } from '../domain/running-nodes.ts';
import type { Log } from '../platform/logging.ts';

/**
 * How many logged differences are remembered, so that they are not logged again even if Temporal stops listing a node for a
 * while.
 */
const remembered = 1_000;

/** Returns a function that logs each difference between `self` and a running node once. A restarted node counts as new. */
export function logDifferences(log: Log): (self: NodeCard, running: readonly ListedNode[]) => void {
  const logged = new LRUCache<string, true>({ max: remembered });
  return (self, running) => {
    for (const node of running) {
      const differences = differencesOf(self, node);
      if (differences.length === 0) continue;
      const key = JSON.stringify([node.id, differences]);
      if (!logged.has(key)) logNode(log, node, differences);
      logged.set(key, true);
    }
  };
}

function logNode(log: Log, node: ListedNode, differences: readonly Difference[]): void {
  const { id, role, address, host, pid, version } = node;
  const facts = { node: { id, role, address, host, pid, version }, differences };
  const names = differences.map(({ what }) => what);
  if (names.includes('encryption_key') || names.includes('payload_store'))
    log.error(
      facts,
      'A running node of this cluster has another encryption key or payload store than this node: stop one of the two. Such a node can only have joined with HOLDFAST_JOIN=force',
    );
  else if (names.includes('generation'))
    log.warn(
      facts,
      'A node of another generation runs beside this one: the one that was started last is refused. If it was started with HOLDFAST_JOIN=force, it stays, and the other one stops if it is the older',
    );
  else
    log.warn(
      facts,
      `Another node has different settings: ${names.join(', ')}. Set them to the same values on all nodes: until then a call's outcome depends on which node handles it`,
    );
}
