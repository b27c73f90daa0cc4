import { differencesOf, type NodeCard } from '../../domain/node-card.ts';
import type { ListedNode } from '../../domain/running-nodes.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { nodeList, type RunningNode } from '../../contract/nodes.ts';
import { iso } from '../calls/wire.ts';

/** The endpoint that lists the nodes of the cluster. */
export function nodeEndpoints({ nodes }: Pick<ApiDependencies, 'nodes'>): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/api/vps/nodes',
      scope: 'admin',
      tag: 'operations',
      summary: 'Facades and workers that run',
      description:
        'Read anew from the registry of nodes. A node that was killed is listed until its lease ends.',
      answers: { 200: { description: 'All of the cluster', schema: nodeList } },
      refusals: ['temporal_unavailable'],
      handle: async () => {
        const running = await nodes.look();
        return {
          status: 200,
          body: { total: running.length, nodes: running.map((node) => nodeToWire(node, nodes.self)) },
        };
      },
    }),
  ];
}

function nodeToWire(node: ListedNode, self: NodeCard): RunningNode {
  return {
    id: node.id,
    role: node.role,
    version: node.version,
    build_id: node.buildId ?? null,
    address: node.address ?? null,
    host: node.host,
    pid: node.pid,
    started_at: iso(node.startedAt),
    seen_at: iso(node.seenAt),
    lease_until: iso(node.leaseUntil),
    key_fingerprint: node.keyFingerprint,
    store_id: node.storeId ?? null,
    generation: node.generation,
    differs_in: differencesOf(self, node).map(({ what }) => what),
    answers: node.id === self.id,
  };
}
