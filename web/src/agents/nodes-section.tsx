import type { RunningNode } from '../../../src/contract/nodes.ts';
import { api } from '../api.ts';
import { words } from '../format.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { useRepeated } from '../live/use-repeated.ts';
import { ProblemBox } from '../ui/problem-box.tsx';
import { Section } from '../ui/section.tsx';
import { Time } from '../ui/time.tsx';

const refreshMs = 5_000;

/** The running facades and workers, updated every 5 s. */
export function NodesSection() {
  const { value, problem, reload } = useLoaded('nodes', async () => (await api.nodes()).nodes);
  useRepeated(refreshMs, reload);
  if (!value && !problem) return null;
  return (
    <Section title="Nodes">
      {problem && <ProblemBox problem={problem} />}
      {value && (
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
            {value.map((node) => (
              <Row key={node.id} node={node} />
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}

function Row({ node }: { node: RunningNode }) {
  return (
    <tr>
      <td class="name">
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
