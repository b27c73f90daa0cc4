import { duration } from '../format.ts';
import { barLook, barResult } from './bar-words.ts';
import type { Bar } from './timeline-model.ts';
import { barHeight, barTop, type Place } from './timeline-places.ts';

/** Under its bar, and never over the edge: moved left by the share of its own width that it stands to the right. */
export function BarTip({ bar, place }: { bar: Bar; place: Place }) {
  const middle = Math.min(100, place.x + place.width / 2);
  return (
    <div
      class="tip"
      aria-hidden="true"
      style={{
        left: `${middle}%`,
        top: `${barTop(place.y) + barHeight + 6}px`,
        transform: `translateX(-${middle}%)`,
      }}
    >
      <strong>{bar.title}</strong>
      <span class={`tip-result ${barLook(bar)}`}>{barResult(bar)}</span>
      <span>
        {duration(bar.endMs - bar.startMs)}, from +{duration(bar.startMs)}
      </span>
      {bar.firstByteMs != null && <span>first byte after {duration(bar.firstByteMs)}</span>}
    </div>
  );
}
