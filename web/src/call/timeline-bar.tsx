import { duration } from '../format.ts';
import { barClass, barLabel } from './bar-words.ts';
import type { Bar } from './timeline-model.ts';
import { barHeight, barTop, type Place } from './timeline-places.ts';

interface TimelineBarProps {
  readonly bar: Bar;
  readonly place: Place;
  readonly onShow: (show: boolean) => void;
}

/** The width, in percent, from which a bar has room for its label: the number of the try, or the length of the wait. */
const minLabelledWidth = { try: 4, backoff: 12, queue: 12 } as const;

/** One bar. `onShow` is called when its tooltip should appear or disappear. */
export function TimelineBar({ bar, place: { x, width, y }, onShow }: TimelineBarProps) {
  const top = barTop(y);
  const thin = bar.kind === 'backoff';
  return (
    <g
      class={`tl-bar ${barClass(bar)}${bar.open ? ' tl-open' : ''}`}
      role="img"
      tabIndex={0}
      aria-label={barLabel(bar)}
      onMouseEnter={() => onShow(true)}
      onMouseLeave={() => onShow(false)}
      onFocus={() => onShow(true)}
      onBlur={() => onShow(false)}
    >
      <rect
        x={`${x}%`}
        y={thin ? top + barHeight / 2 - 3 : top}
        height={thin ? 6 : barHeight}
        rx={thin ? 2 : 3}
        style={{ width: `max(4px, ${width}%)` }}
      />
      {width >= minLabelledWidth[bar.kind] && (
        // The label of a thin bar is below it, because it would hide the bar's dots.
        <text x={`${x + width / 2}%`} y={top + (thin ? 28 : 13)} text-anchor="middle">
          {bar.tryNumber ?? duration(bar.endMs - bar.startMs)}
        </text>
      )}
    </g>
  );
}
