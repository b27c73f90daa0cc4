/** Nodes that should not differ from this one, each told once in its log. */
import { differencesOf, type Difference, type NodeCard } from './domain/node-card.ts';
import type { RunningNode } from './domain/running-nodes.ts';
import type { Log } from './platform/logging.ts';

const terms = ['encryption_key', 'payload_store', 'generation'];

export function tellNeighbours(log: Log): (self: NodeCard, running: readonly RunningNode[]) => void {
  let told = new Set<string>();
  return (self, running) => {
    const before = told;
    told = new Set();
    for (const node of running) {
      const differences = differencesOf(self, node);
      if (differences.length === 0) continue;
      const key = JSON.stringify([node.id, differences]);
      told.add(key);
      if (!before.has(key)) tellOne(log, node, differences);
    }
  };
}

function tellOne(log: Log, node: RunningNode, differences: readonly Difference[]): void {
  const { id, role, address, host, pid, version } = node;
  const facts = { node: { id, role, address, host, pid, version }, differences };
  const names = differences.map(({ what }) => what);
  if (names.some((name) => terms.includes(name)))
    log.error(
      facts,
      'A node runs that does not belong to the same cluster: it, or this one, was started with HOLDFAST_JOIN=force. Stop one of them',
    );
  else
    log.warn(
      facts,
      `Another node has other settings: ${names.join(', ')}. What becomes of a call depends on the node that it meets, until all have the same`,
    );
}
