/** The command `nodes`: lists the running facades and workers. */
import type { Command } from 'commander';
import type { NodeList } from '../../contract/nodes.ts';
import { declareForNode, withNode, type Context } from '../command.ts';

/** Declares `nodes`. */
export function addNodesCommand(program: Command): void {
  declareForNode(program, 'nodes', 'list the facades and workers that run', [
    'nodes',
    'nodes --json | jq ".nodes[] | select(.differs_in != [])"',
  ]).action(withNode(nodes));
}

async function nodes({ client, out }: Context): Promise<undefined> {
  const all = await client.get<NodeList>('/nodes');
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
