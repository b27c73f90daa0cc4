/** Which nodes run, told from who polled when. */
import { readCard, type NodeCard } from './node-card.ts';

/** Three renewals. */
export const leaseMs = 30_000;
export const renewMs = 10_000;
/** Within this time every node that runs has renewed its lease. */
export const allRenewedMs = 12_500;

export interface Poller {
  readonly identity: string;
  /** Epoch ms, by Temporal's clock. */
  readonly seenAt: number;
}

export type ListedNode = NodeCard & {
  /** Epoch ms, by Temporal's clock. */
  readonly seenAt: number;
  readonly leaseUntil: number;
};

/**
 * Nodes whose lease has not ended and that have not left, by role and age. A node that changed its card is there with
 * both: the one with the higher revision counts.
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
