import { duration } from '../format.ts';
import { barLook, barSentence } from './bar-words.ts';
import type { Bar } from './timeline-model.ts';
import { barHeight, barTop, type Place } from './timeline-places.ts';

interface TimelineBarProps {
  readonly bar: Bar;
  readonly place: Place;
  readonly onShow: (show: boolean) => void;
}

/** In percent: wide enough for the number of its try, or for how long was waited. */
const labelledFrom = { try: 4, backoff: 12, queue: 12 } as const;

export function TimelineBar({ bar, place: { x, width, y }, onShow }: TimelineBarProps) {
  const top = barTop(y);
  const thin = bar.kind === 'backoff';
  return (
    <g
      class={`tl-bar ${barLook(bar)}${bar.open ? ' tl-open' : ''}`}
      role="img"
      tabIndex={0}
      aria-label={barSentence(bar)}
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
      {width >= labelledFrom[bar.kind] && (
        // Beside a thin bar, not over it: there its dots would look like others.
        <text x={`${x + width / 2}%`} y={top + (thin ? 28 : 13)} text-anchor="middle">
          {bar.tryNumber ?? duration(bar.endMs - bar.startMs)}
        </text>
      )}
    </g>
  );
}
