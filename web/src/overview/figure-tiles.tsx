import type { FiguresAnswer } from '../../../src/contract/figures.ts';
import { count, duration } from '../format.ts';
import { callsIn, failedShare, percent } from '../plots/figure-specs.ts';
import { Time } from '../ui/time.tsx';

interface FigureTilesProps {
  readonly figures: FiguresAnswer;
  /** How many calls run now; undefined while it is not known. */
  readonly inFlight: number | undefined;
}

/** The figures of the range at a glance, and until when they are complete. */
export function FigureTiles({ figures, inFlight }: FigureTilesProps) {
  const { calls, failovers, latency_ms: latency, overhead_ms: overhead, queue_wait_ms: wait } = figures.total;
  const all = callsIn(calls);
  const tiles = [
    ['Calls', count(all)],
    ['Failed', all === 0 ? '–' : `${count(calls.failed)} (${percent(failedShare(calls))})`],
    ['Failed over', count(failovers.reduce((sum, one) => sum + one.calls, 0))],
    ['In flight now', inFlight === undefined ? '–' : count(inFlight)],
    ['Latency p95', shown(latency.p95)],
    ['Overhead p95', shown(overhead.p95)],
    ['Queue wait p95', shown(wait.p95)],
  ] as const;
  return (
    <section class="panel" aria-label="Figures">
      <dl class="figures">
        {tiles.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p class="hint">
        {figures.damaged_files.length > 0 &&
          `What ${figures.damaged_files.length} damaged files counted is missing: ${figures.damaged_files.join(', ')}. `}
        {figures.complete_until === null ? (
          'No minute is counted yet: the first one takes a minute or two.'
        ) : (
          <>
            Complete until <Time at={figures.complete_until} />; later calls are counted within a minute or
            two.
          </>
        )}
      </p>
    </section>
  );
}

const shown = (ms: number | null): string => (ms === null ? '–' : duration(ms));
