/** What a node says that may not join: what differs, who runs, what to do. */
import type { Breach, ClusterTerms } from '../domain/cluster-terms.ts';
import type { NodeCard } from '../domain/node-card.ts';

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
    others.length === 0 ? 'No node runs now.' : `Nodes that run: ${others.map(nameOf).join(', ')}.`,
    // By force the others would be given what they cannot read.
    ...(breaches.includes('older') || breaches.includes('newer') ? [] : [byForce]),
  ].join('\n');
}

const byForce =
  "A cluster begins with what its first node has. Where that was wrong, or was changed on purpose: stop the nodes that keep the old one, and start one node with HOLDFAST_JOIN=force. What that one has is the cluster's from then on; docs/deployment.md tells what becomes of the data.";

function wordsOf(
  breach: Breach,
  terms: ClusterTerms,
  self: NodeCard & { readonly storePlace: string },
  others: readonly NodeCard[],
): string {
  const { version, generation } = self;
  switch (breach) {
    case 'encryption_key':
      return `Its encryption key (fingerprint ${self.keyFingerprint}) is not the one that this cluster was begun with (${terms.keyFingerprint}): set HOLDFAST_ENCRYPTION_KEY to the key with that fingerprint, or put encryption.key back into the data directory`;
    case 'payload_store':
      return `Its payload store (id ${String(self.storeId)}, ${self.storePlace}) is not the one that this cluster was begun with: set HOLDFAST_PAYLOAD_STORE to the folder or bucket whose object store-id holds ${terms.storeId}`;
    case 'older': {
      const newest = Math.max(...[terms, ...others].map((one) => one.generation));
      return `Its version ${version} (generation ${generation}) cannot read what nodes of generation ${newest} write: install their version`;
    }
    case 'newer': {
      const oldest = Math.min(...others.map((one) => one.generation));
      return `Nodes of generation ${oldest} run, which cannot read what its version ${version} (generation ${generation}) writes: stop them first; one that was killed counts for 30 s`;
    }
  }
}

/** An address alone may be one of many machines: that of a worker is on 127.0.0.1. */
function nameOf({ role, address, host, pid, version }: NodeCard): string {
  const at = address === undefined ? '' : `, ${address}`;
  return `${role.replaceAll('_', ' ')} on ${host}, pid ${pid}${at} (${version})`;
}
