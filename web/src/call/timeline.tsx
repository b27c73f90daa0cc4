import { useState } from 'preact/hooks';
import { Empty } from '../ui/empty.tsx';
import { BarTip } from './bar-tip.tsx';
import { scaleTo } from './scale.ts';
import { TimelineAxis } from './timeline-axis.tsx';
import { TimelineBar } from './timeline-bar.tsx';
import { laneHeight, laneLabelHeight, laneTop, type Place } from './timeline-places.ts';
import type { Bar, Timeline as Model } from './timeline-model.ts';

/** The call's way on one axis of time: who was asked when, what was waited for, where it failed over. */
export function Timeline({ model }: { model: Model }) {
  const [shown, setShown] = useState<string>();
  const { lanes, bars, failovers, endMs } = model;
  if (lanes.length === 0) return <Empty title="No agent was asked yet" />;
  const scale = scaleTo(endMs);
  const height = laneTop(lanes.length);
  const tip = bars.find((bar) => keyOf(bar) === shown);
  const place = (bar: Bar): Place => ({
    x: scale.x(bar.startMs),
    width: scale.x(bar.endMs - bar.startMs),
    y: laneTop(bar.lane),
  });
  return (
    <div class="timeline">
      <svg width="100%" height={height} role="group" aria-label="Timeline">
        <TimelineAxis scale={scale} height={height} />
        {lanes.map((lane, index) => (
          // A text of SVG neither wraps nor is cut.
          <foreignObject key={lane.name} x="0" y={laneTop(index) - 3} width="100%" height={laneLabelHeight}>
            <p class="lane">
              <span class="lane-name">{lane.name}</span> <span>{lane.result}</span>
            </p>
          </foreignObject>
        ))}
        {failovers.map(({ lane, atMs }) => (
          <Failover key={lane} lane={lane} x={scale.x(atMs)} />
        ))}
        {bars.map((bar) => (
          <TimelineBar
            key={keyOf(bar)}
            bar={bar}
            place={place(bar)}
            onShow={(show) => setShown(show ? keyOf(bar) : undefined)}
          />
        ))}
      </svg>
      {tip && <BarTip bar={tip} place={place(tip)} />}
    </div>
  );
}

/** From the lane above down to the one that took over. */
function Failover({ lane, x }: { lane: number; x: number }) {
  const top = laneTop(lane - 1) + laneHeight - 8;
  return (
    <g class="failover">
      <title>failover</title>
      <line x1={`${x}%`} x2={`${x}%`} y1={top} y2={laneTop(lane) + 18} />
      <circle cx={`${x}%`} cy={laneTop(lane) + 18} r="2.5" />
    </g>
  );
}

const keyOf = ({ kind, lane, tryNumber, startMs }: Bar): string =>
  `${kind} ${lane} ${tryNumber ?? `after ${startMs}`}`;
