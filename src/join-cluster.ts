/** Whether this node may be part of the cluster whose data it finds, and its entry in the registry of nodes (ADR 0033). */
import { readTerms, writeTerms } from './client/cluster-terms.ts';
import type { Nodes } from './client/nodes.ts';
import type { Temporal } from './client/temporal.ts';
import { breachesOf, termsOf, type Breach, type ClusterTerms } from './domain/cluster-terms.ts';
import type { NodeCard } from './domain/node-card.ts';
import type { Log } from './platform/logging.ts';
import { StartupError } from './platform/shutdown.ts';

interface Options {
  /** What differs becomes the cluster's. */
  readonly force: boolean;
  readonly log: Log;
}

/** The first node writes the terms. Throws `StartupError` that says what differs and what to do. */
export async function joinCluster(temporal: Temporal, nodes: Nodes, { force, log }: Options): Promise<void> {
  // Entered first: of two nodes that come at once at least one sees the other.
  await nodes.renew().catch((error: unknown) => {
    log.warn({ err: error }, 'This node could not be entered in the registry of nodes; it is tried again');
  });
  const { self } = nodes;
  const terms = (await readTerms(temporal)) ?? (await beTheFirst(temporal, self));
  if (!terms) return; // Its store is away.
  const others = nodes.list().filter(({ id }) => id !== self.id);
  const breaches = breachesOf(terms, self, others);
  if (breaches.length > 0 && !force) {
    await nodes.leave().catch(() => undefined);
    throw new StartupError(refusal(breaches, terms, self, others, temporal.namespace));
  }
  const agreed = termsOf(self, terms);
  if (!agreed || isSame(agreed, terms)) return;
  await writeTerms(temporal, agreed, { replace: true });
  if (force)
    log.warn(
      { breaches, before: terms, now: agreed },
      'HOLDFAST_JOIN=force: the cluster has what this node has from now on. Nodes that keep what it had are refused at their next start',
    );
  else log.info({ generation: agreed.generation }, 'The cluster is of this generation from now on');
}

async function beTheFirst(temporal: Temporal, self: NodeCard): Promise<ClusterTerms | undefined> {
  const own = termsOf(self);
  if (!own) return undefined;
  await writeTerms(temporal, own, { replace: false });
  return readTerms(temporal); // Another may have been first.
}

function isSame(one: ClusterTerms, other: ClusterTerms): boolean {
  return (
    one.keyFingerprint === other.keyFingerprint &&
    one.storeId === other.storeId &&
    one.generation === other.generation
  );
}

function refusal(
  breaches: readonly Breach[],
  terms: ClusterTerms,
  self: NodeCard,
  others: readonly NodeCard[],
  namespace: string,
): string {
  return [
    `This node may not join the cluster in Temporal's namespace ${namespace}:`,
    ...breaches.map((breach) => `  ${wordsOf(breach, terms, self)}`),
    others.length === 0 ? 'No node runs now.' : `Nodes that run: ${others.map(nameOf).join(', ')}.`,
    "Where it was changed on purpose: stop the nodes that keep the old one, and start one node with HOLDFAST_JOIN=force. What that one has is the cluster's from then on; docs/deployment.md tells what becomes of the data.",
  ].join('\n');
}

function wordsOf(breach: Breach, terms: ClusterTerms, self: NodeCard): string {
  switch (breach) {
    case 'encryption_key':
      return `Its encryption key (fingerprint ${self.keyFingerprint}) is not the one that sealed what is there (${terms.keyFingerprint}): set HOLDFAST_ENCRYPTION_KEY to that, or put encryption.key back into the data directory`;
    case 'payload_store':
      return `Its payload store (id ${String(self.storeId)}) is not the one that holds the large texts (${terms.storeId}): set HOLDFAST_PAYLOAD_STORE to that`;
    case 'older':
      return `Its version ${self.version} (generation ${self.generation}) cannot read what nodes of generation ${terms.generation} write: install their version`;
    case 'newer':
      return `Nodes of generation ${terms.generation} run, which cannot read what its version ${self.version} (generation ${self.generation}) writes: stop them first; one that was killed counts for 30 s`;
  }
}

function nameOf({ role, address, host, pid, version }: NodeCard): string {
  return `${role.replaceAll('_', ' ')} ${address ?? `${host} pid ${pid}`} (${version})`;
}
