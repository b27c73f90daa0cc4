import { duration } from '../format.ts';

const height = 40;
const width = 300;

/** A small chart of the most recent latencies (ms), the oldest on the left. Its scale begins at 0. */
export function Sparkline({ values }: { values: readonly number[] }) {
  const most = Math.max(...values, 1);
  const x = (index: number): number => (index * width) / Math.max(1, values.length - 1);
  const y = (value: number): number => height - 2 - (value / most) * (height - 6);
  const points = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
  const label = `Latency of the last ${values.length} answers, at most ${duration(most)}`;
  return (
    <figure class="sparkline">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        height={height}
        role="img"
        aria-label={label}
      >
        <polygon points={`0,${height} ${points} ${width},${height}`} />
        <polyline points={points} vector-effect="non-scaling-stroke" />
      </svg>
      <figcaption class="hint">
        Last {values.length} answers, at most {duration(most)}
      </figcaption>
    </figure>
  );
}
