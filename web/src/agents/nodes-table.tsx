import type { RunningNode } from '../../../src/contract/nodes.ts';
import { words } from '../format.ts';
import { Time } from '../ui/time.tsx';

/** The running facades and workers, and in which settings they differ. */
export function NodesTable({ nodes }: { nodes: readonly RunningNode[] }) {
  return (
    <table class="list">
      <thead>
        <tr>
          <th scope="col">Node</th>
          <th scope="col">Role</th>
          <th scope="col" class="wide">
            Version
          </th>
          <th scope="col" class="wide">
            Started
          </th>
          <th scope="col">Differs in</th>
        </tr>
      </thead>
      <tbody>
        {nodes.map((node) => (
          <Row key={node.id} node={node} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ node }: { node: RunningNode }) {
  return (
    <tr>
      <td class="wrap">
        {node.host}, pid {node.pid}
        {node.address !== null && <div>{node.address}</div>}
        {node.answers && <span class="tag">serves this page</span>}
      </td>
      <td>{words(node.role)}</td>
      <td class="wide">{node.version}</td>
      <td class="wide">
        <Time at={node.started_at} />
      </td>
      <td>{node.differs_in.length === 0 ? 'nothing' : node.differs_in.join(', ')}</td>
    </tr>
  );
}
