/** The error text of a node that may not join its cluster: what differs, which nodes are running, and what to do. */
import type { Breach, ClusterTerms } from '../domain/cluster-terms.ts';
import type { NodeCard } from '../domain/node-card.ts';

/** Makes the error text. `self` is the node that may not join, `others` are the running nodes. */
export function refusal(
  breaches: readonly Breach[],
  terms: ClusterTerms,
  self: NodeCard,
  others: readonly NodeCard[],
  { namespace, storePlace }: { namespace: string; storePlace: string },
): string {
  return [
    `This node may not join the cluster in Temporal's namespace ${namespace}:`,
    ...breaches.map((breach) => `  ${wordsOf(breach, terms, { ...self, storePlace }, others)}`),
    others.length === 0 ? 'No node is running.' : `Running nodes: ${others.map(nameOf).join(', ')}.`,
    // Force does not help with a generation mismatch: other nodes would get data that they cannot read.
    ...(breaches.includes('older') || breaches.includes('newer') ? [] : [byForce]),
  ].join('\n');
}

const byForce =
  'The first node of a cluster decides these values for all nodes. If one of them was wrong, or if you changed it on purpose: stop the nodes that have the old one and start one node with HOLDFAST_JOIN=force. Its values then apply to the cluster; docs/deployment.md says what happens to existing data.';

function wordsOf(
  breach: Breach,
  terms: ClusterTerms,
  self: NodeCard & { readonly storePlace: string },
  others: readonly NodeCard[],
): string {
  const { version, generation } = self;
  switch (breach) {
    case 'encryption_key':
      return `Its encryption key (fingerprint ${self.keyFingerprint}) is not the cluster's (fingerprint ${terms.keyFingerprint}): set HOLDFAST_ENCRYPTION_KEY to the key with that fingerprint, or restore encryption.key in the data directory`;
    case 'payload_store':
      return `Its payload store (id ${String(self.storeId)}, ${self.storePlace}) is not the cluster's: set HOLDFAST_PAYLOAD_STORE to the folder or bucket whose object store-id contains ${terms.storeId}`;
    case 'older': {
      const newest = Math.max(...[terms, ...others].map((one) => one.generation));
      return `Its version ${version} (generation ${generation}) cannot read what nodes of generation ${newest} write: install their version`;
    }
    case 'newer': {
      const oldest = Math.min(...others.map((one) => one.generation));
      return `Nodes of generation ${oldest} are running, which cannot read what its version ${version} (generation ${generation}) writes: stop them first; a killed node counts as running for 30 s`;
    }
  }
}

/**
 * Names a node. The name includes host and pid, because the address of a worker is on 127.0.0.1 and does not identify a
 * machine.
 */
function nameOf({ role, address, host, pid, version }: NodeCard): string {
  const at = address === undefined ? '' : `, ${address}`;
  return `${role.replaceAll('_', ' ')} on ${host}, pid ${pid}${at} (${version})`;
}
