/** `nodes`: which facades and workers run. */
import type { Command } from 'commander';
import { declareForNode, withNode, type Context } from '../command.ts';

interface Nodes {
  readonly nodes: readonly {
    readonly id: string;
    readonly role: string;
    readonly version: string;
    readonly address: string | null;
    readonly host: string;
    readonly pid: number;
    readonly started_at: string;
    readonly lease_until: string;
    readonly differs_in: readonly string[];
    readonly answers: boolean;
  }[];
}

export function addNodesCommand(program: Command): void {
  declareForNode(program, 'nodes', 'the facades and workers that run', [
    'nodes',
    'nodes --json | jq ".nodes[] | select(.differs_in != [])"',
  ]).action(withNode(nodes));
}

async function nodes({ client, out }: Context): Promise<undefined> {
  const all = await client.get<Nodes>('/nodes');
  if (out.json) {
    out.document(all);
    return;
  }
  out.table(
    ['node', 'role', 'version', 'host', 'pid', 'address', 'started', 'lease until', 'differs in'],
    all.nodes.map((one) => [
      one.answers ? `${one.id} (answers)` : one.id,
      one.role.replaceAll('_', ' '),
      one.version,
      one.host,
      one.pid,
      one.address ?? '',
      one.started_at,
      one.lease_until,
      one.differs_in.join(' '),
    ]),
  );
}
