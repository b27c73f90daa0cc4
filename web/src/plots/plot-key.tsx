import { useId } from 'preact/hooks';
import type { PlotSeries, PlotSpec } from './plot-spec.ts';

/** Says which series has which colour and pattern. */
export function PlotKey({ spec: { kind, series } }: { spec: PlotSpec }) {
  return (
    <ul class="plot-key" aria-hidden="true">
      {series.map((one) => (
        <li key={one.label}>
          {kind === 'stack' ? <Swatch {...one} /> : <Stroke {...one} />}
          {one.label}
        </li>
      ))}
    </ul>
  );
}

const side = 12;

function Swatch({ colour, mark }: PlotSeries) {
  const id = useId();
  const fill = `var(${colour})`;
  return (
    <svg width={side} height={side}>
      <pattern id={id} width="6" height="6" patternUnits="userSpaceOnUse">
        {mark === 'dotted' && <path d="M0 0h3v3h-3zM3 3h3v3h-3z" fill={fill} />}
        {mark === 'dashed' && <path d="M-3 3l6-6M0 6l6-6M3 9l6-6" stroke={fill} stroke-width="2" />}
      </pattern>
      <rect
        x="0.5"
        y="0.5"
        width={side - 1}
        height={side - 1}
        stroke={fill}
        fill={mark === 'solid' ? fill : `url(#${id})`}
      />
    </svg>
  );
}

const dashes = { solid: undefined, dashed: '7 4', dotted: '2 3' } as const;

function Stroke({ colour, mark }: PlotSeries) {
  return (
    <svg width="22" height={side}>
      <path d="M0 6h22" stroke={`var(${colour})`} stroke-width="2" stroke-dasharray={dashes[mark]} />
    </svg>
  );
}
