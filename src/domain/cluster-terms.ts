/** What every node of a cluster must have in common, since it is in the data that they share (ADR 0033). */
import { z } from 'zod';
import type { NodeCard } from './node-card.ts';

const clusterTerms = z
  .object({ keyFingerprint: z.string(), storeId: z.string(), generation: z.number() })
  .readonly();

export type ClusterTerms = z.infer<typeof clusterTerms>;

/**
 * Of what nodes write for each other. Raised by a release whose nodes cannot work beside those of the release before;
 * all releases of one generation can.
 */
export const generation = 1;

/** `older`: it cannot read what is written; `newer`: nodes that run could not read what it would write. */
export type Breach = 'encryption_key' | 'payload_store' | 'older' | 'newer';

type Compared = Pick<NodeCard, 'keyFingerprint' | 'storeId' | 'generation'>;

/** Undefined: they are no terms. */
export function parseTerms(stored: unknown): ClusterTerms | undefined {
  return clusterTerms.safeParse(stored).data;
}

/** Of a node that would join; `running` are the others. A store that is away (no id) is compared once it is there. */
export function breachesOf(
  terms: ClusterTerms,
  node: Compared,
  running: readonly Pick<NodeCard, 'generation'>[],
): Breach[] {
  const breaches: Breach[] = [];
  if (node.keyFingerprint !== terms.keyFingerprint) breaches.push('encryption_key');
  if (node.storeId !== undefined && node.storeId !== terms.storeId) breaches.push('payload_store');
  // One that runs may be just about to raise the terms.
  if ([terms, ...running].some((one) => one.generation > node.generation)) breaches.push('older');
  else if (node.generation > terms.generation && running.some((one) => one.generation < node.generation))
    breaches.push('newer');
  return breaches;
}

/** The terms of a cluster whose nodes have what `node` has. A node whose store is away keeps the store of `before`. */
export function termsOf(node: Compared, before?: ClusterTerms): ClusterTerms | undefined {
  const { keyFingerprint, generation: ofNode } = node;
  const storeId = node.storeId ?? before?.storeId;
  return storeId === undefined ? undefined : { keyFingerprint, storeId, generation: ofNode };
}
