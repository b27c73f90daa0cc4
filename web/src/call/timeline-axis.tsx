import { duration } from '../format.ts';
import type { Scale } from './scale.ts';
import { axisHeight } from './timeline-places.ts';

export function TimelineAxis({ scale, height }: { scale: Scale; height: number }) {
  return (
    <g class="axis" aria-hidden="true">
      {scale.ticks.map((ms) => {
        const x = scale.x(ms);
        // The first and the last label stay inside.
        const anchor = x < 4 ? 'start' : x > 92 ? 'end' : 'middle';
        return (
          <g key={ms}>
            <line x1={`${x}%`} x2={`${x}%`} y1={axisHeight} y2={height} />
            <text x={`${x}%`} y="13" text-anchor={anchor}>
              {ms === 0 ? '0' : duration(ms)}
            </text>
          </g>
        );
      })}
    </g>
  );
}
