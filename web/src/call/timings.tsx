import type { Timings as Figures } from '../../../src/contract/calls.ts';
import { duration } from '../format.ts';

const phases = [
  ['queued_ms', 'Queued'],
  ['first_byte_ms', 'First byte'],
  ['agent_ms', 'Agents'],
  ['overhead_ms', 'Overhead'],
  ['total_ms', 'Total'],
] as const;

/** The timings of a call in figures. */
export function Timings({ of }: { of: Figures }) {
  return (
    <dl class="figures">
      {phases.map(([key, label]) => (
        <div key={key}>
          <dt>{label}</dt>
          <dd>{of[key] === null ? '–' : duration(of[key])}</dd>
        </div>
      ))}
    </dl>
  );
}
