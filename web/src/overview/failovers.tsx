import type { FiguresAnswer } from '../../../src/contract/figures.ts';
import { count } from '../format.ts';
import { Section } from '../ui/section.tsx';
import { AgentLink } from '../ui/agent-link.tsx';

const mostRows = 12;

/** Who answered for whom, most often first. */
export function Failovers({ failovers }: { failovers: FiguresAnswer['total']['failovers'] }) {
  const rows = failovers.toSorted((a, b) => b.calls - a.calls);
  const hidden = rows.slice(mostRows).reduce((sum, { calls }) => sum + calls, 0);
  return (
    <Section title="Failovers">
      {rows.length === 0 && <p class="hint">No call was answered by another agent than it named.</p>}
      {rows.length > 0 && (
        <table class="list">
          <thead>
            <tr>
              <th scope="col">Asked</th>
              <th scope="col">Answered</th>
              <th scope="col" class="number">
                Calls
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, mostRows).map(({ asked, answered, calls }) => (
              <tr key={`${asked} ${answered}`}>
                <td class="name">
                  <AgentLink name={asked} />
                </td>
                <td class="name">
                  <span aria-hidden="true">→ </span>
                  <AgentLink name={answered} />
                </td>
                <td class="number">{count(calls)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {hidden > 0 && <p class="hint">{count(hidden)} more calls failed over between other agents.</p>}
    </Section>
  );
}
