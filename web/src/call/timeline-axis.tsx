import { duration } from '../format.ts';
import type { Scale } from './scale.ts';
import { axisHeight } from './timeline-places.ts';

/** The axis of a timeline with its marks. */
export function TimelineAxis({ scale, height }: { scale: Scale; height: number }) {
  return (
    <g class="axis" aria-hidden="true">
      {scale.ticks.map((ms) => {
        const x = scale.x(ms);
        // Keeps the first and the last label inside the drawing.
        const anchor = x < 4 ? 'start' : x > 92 ? 'end' : 'middle';
        return (
          <g key={ms}>
            <line x1={`${x}%`} x2={`${x}%`} y1={axisHeight} y2={height} />
            <text x={`${x}%`} y="13" text-anchor={anchor}>
              {tickLabel(ms)}
            </text>
          </g>
        );
      })}
    </g>
  );
}

/** Formats a tick. Ticks are round numbers, so they are shown as `2 s`, not as `2.00 s`. */
function tickLabel(ms: number): string {
  if (ms === 0) return '0';
  return ms >= 1_000 && ms < 60_000 ? `${ms / 1_000} s` : duration(ms);
}
