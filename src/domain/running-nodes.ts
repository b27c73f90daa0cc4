/** Derives which nodes are running from the pollers of a task queue that Temporal lists. */
import { readCard, type NodeCard } from './node-card.ts';

/** How long a node counts as running after its last poll: three renewals. */
export const leaseMs = 30_000;
/** How often a node renews its lease. */
export const renewMs = 10_000;
/** Every running node renews its lease at least once within this time. */
export const allRenewedMs = 12_500;

/** A poller as Temporal lists it. Its identity is a node's card. */
export interface Poller {
  readonly identity: string;
  /** Epoch ms, by Temporal's clock. */
  readonly seenAt: number;
}

/** The card of a running node and its lease. */
export type ListedNode = NodeCard & {
  /** Epoch ms, by Temporal's clock. */
  readonly seenAt: number;
  readonly leaseUntil: number;
};

/**
 * Returns the nodes that have a valid lease and have not left, sorted by role and age. After a change of its card a node is
 * listed twice; then the card with the higher revision counts.
 */
export function runningNodes(pollers: readonly Poller[], nowMs: number): ListedNode[] {
  const nodes = new Map<string, ListedNode>();
  const left = new Set<string>();
  for (const { identity, seenAt } of pollers) {
    const card = readCard(identity);
    if (!card) continue;
    if (card.left) left.add(card.id);
    const known = nodes.get(card.id);
    const latest = Math.max(seenAt, known?.seenAt ?? 0);
    const newer = known && known.revision > card.revision ? known : card;
    nodes.set(card.id, { ...newer, seenAt: latest, leaseUntil: latest + leaseMs });
  }
  return [...nodes.values()]
    .filter(({ id, leaseUntil }) => leaseUntil > nowMs && !left.has(id))
    .sort((a, b) => a.role.localeCompare(b.role) || a.startedAt - b.startedAt || a.id.localeCompare(b.id));
}
