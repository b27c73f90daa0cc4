/** The cluster terms: what all nodes of a cluster must have in common because the data they share depends on it (ADR 0033). */
import { z } from 'zod';
import type { NodeCard } from './node-card.ts';

const clusterTerms = z
  .object({ keyFingerprint: z.string(), storeId: z.string(), generation: z.number() })
  .readonly();

/** The terms: fingerprint of the encryption key, id of the payload store, and generation. */
export type ClusterTerms = z.infer<typeof clusterTerms>;

/**
 * The version of the data that nodes write for each other. A release raises it if its nodes cannot run beside nodes of the
 * release before. All releases of one generation can run side by side. 2: sessions take endings over (ADR 0035), and messages
 * have parts. 3: the cluster keeps API keys, which a node of before does not ask for. 4: projects, of
 * which a node of before does not know, so that it would show what belongs to one to the keys of all. 5: the feed of endings, a
 * workflow that a worker of before does not have.
 */
export const generation = 5;

/**
 * A reason why a node may not join. `older`: the node cannot read the data that the other nodes write. `newer`: running nodes
 * could not read the data that the node would write.
 */
export type Breach = 'encryption_key' | 'payload_store' | 'older' | 'newer';

type Compared = Pick<NodeCard, 'keyFingerprint' | 'storeId' | 'generation'>;

/** Parses the stored terms; undefined if the value is not valid. */
export function parseTerms(stored: unknown): ClusterTerms | undefined {
  return clusterTerms.safeParse(stored).data;
}

/**
 * Returns the reasons why `node` may not join the cluster; empty if it may. `running` are the other nodes. A payload store that
 * cannot be reached has no id yet; it is compared once the node can reach it.
 */
export function breachesOf(
  terms: ClusterTerms,
  node: Compared,
  running: readonly Pick<NodeCard, 'generation'>[],
): Breach[] {
  const breaches: Breach[] = [];
  if (node.keyFingerprint !== terms.keyFingerprint) breaches.push('encryption_key');
  if (node.storeId !== undefined && node.storeId !== terms.storeId) breaches.push('payload_store');
  // A running node may be about to raise the generation in the terms, so its own generation counts too.
  if ([terms, ...running].some((one) => one.generation > node.generation)) breaches.push('older');
  else if (node.generation > terms.generation && running.some((one) => one.generation < node.generation))
    breaches.push('newer');
  return breaches;
}

/**
 * Returns the terms that match `node`. If the node cannot reach its payload store, keeps the store of `before`; undefined if
 * that is unknown too.
 */
export function termsOf(node: Compared, before?: ClusterTerms): ClusterTerms | undefined {
  const { keyFingerprint, generation: ofNode } = node;
  const storeId = node.storeId ?? before?.storeId;
  return storeId === undefined ? undefined : { keyFingerprint, storeId, generation: ofNode };
}
