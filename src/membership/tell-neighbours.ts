/** Nodes that should not differ from this one, each told once in its log. */
import { LRUCache } from 'lru-cache';
import { differencesOf, type Difference, type NodeCard } from '../domain/node-card.ts';
import type { ListedNode } from '../domain/running-nodes.ts';
import type { Log } from '../platform/logging.ts';

/** Told is told, also where Temporal forgot the node for a moment. A node that starts again is another one. */
const remembered = 1_000;

export function tellNeighbours(log: Log): (self: NodeCard, running: readonly ListedNode[]) => void {
  const told = new LRUCache<string, true>({ max: remembered });
  return (self, running) => {
    for (const node of running) {
      const differences = differencesOf(self, node);
      if (differences.length === 0) continue;
      const key = JSON.stringify([node.id, differences]);
      if (!told.has(key)) tellOne(log, node, differences);
      told.set(key, true);
    }
  };
}

function tellOne(log: Log, node: ListedNode, differences: readonly Difference[]): void {
  const { id, role, address, host, pid, version } = node;
  const facts = { node: { id, role, address, host, pid, version }, differences };
  const names = differences.map(({ what }) => what);
  if (names.includes('encryption_key') || names.includes('payload_store'))
    log.error(
      facts,
      'A node runs beside this one that has another encryption key or payload store: stop one of them. HOLDFAST_JOIN=force lets such a node start',
    );
  else if (names.includes('generation'))
    log.warn(
      facts,
      'A node of another generation runs beside this one: that which came last is refused. Where it was started with HOLDFAST_JOIN=force it stays, and the other ends if that is the older',
    );
  else
    log.warn(
      facts,
      `Another node has other settings: ${names.join(', ')}. What becomes of a call depends on the node that it meets, until all have the same`,
    );
}
