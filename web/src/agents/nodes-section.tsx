import { api } from '../api.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { useRepeated } from '../live/use-repeated.ts';
import { ProblemBox } from '../ui/problem-box.tsx';
import { Section } from '../ui/section.tsx';
import { NodesTable } from './nodes-table.tsx';

const refreshMs = 5_000;

/** The running facades and workers, updated every 5 s. */
export function NodesSection() {
  const { value, problem, reload } = useLoaded('nodes', async () => (await api.nodes()).nodes);
  useRepeated(refreshMs, reload);
  if (!value && !problem) return null;
  return (
    <Section title="Nodes">
      {problem && <ProblemBox problem={problem} />}
      {value && <NodesTable nodes={value} />}
    </Section>
  );
}
