/** What every node of a cluster must have in common, since it is in the data that they share (ADR 0033). */
import type { NodeCard } from './node-card.ts';

export interface ClusterTerms {
  readonly keyFingerprint: string;
  readonly storeId: string;
  readonly generation: number;
}

/**
 * Of what nodes write for each other. Raised by a release whose nodes cannot work beside those of the release before;
 * all releases of one generation can.
 */
export const generation = 1;

/** `older`: it cannot read what is written; `newer`: nodes that run could not read what it would write. */
export type Breach = 'encryption_key' | 'payload_store' | 'older' | 'newer';

/** Of a node that would join; `running` are the others. A store that is away (no id) is compared once it is there. */
export function breachesOf(terms: ClusterTerms, node: NodeCard, running: readonly NodeCard[]): Breach[] {
  const breaches: Breach[] = [];
  if (node.keyFingerprint !== terms.keyFingerprint) breaches.push('encryption_key');
  if (node.storeId !== undefined && node.storeId !== terms.storeId) breaches.push('payload_store');
  if (node.generation < terms.generation) breaches.push('older');
  if (node.generation > terms.generation && running.some((one) => one.generation < node.generation))
    breaches.push('newer');
  return breaches;
}

/** With what it has; of a store that is away the id is as it was. Undefined: there is none yet to write down. */
export function termsOf(
  { keyFingerprint, storeId, generation: its }: NodeCard,
  before?: ClusterTerms,
): ClusterTerms | undefined {
  const id = storeId ?? before?.storeId;
  return id === undefined ? undefined : { keyFingerprint, storeId: id, generation: its };
}
