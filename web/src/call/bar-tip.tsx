import { duration } from '../format.ts';
import { barClass, barResult } from './bar-words.ts';
import type { Bar } from './timeline-model.ts';
import { barHeight, barTop, type Place } from './timeline-places.ts';

/**
 * The tooltip of a bar, shown below the bar. The further right the bar is, the further left the tooltip moves relative to it,
 * so that it stays on the page.
 */
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
      <span class={`tip-result ${barClass(bar)}`}>{barResult(bar)}</span>
      <span>
        {duration(bar.endMs - bar.startMs)}, from +{duration(bar.startMs)}
      </span>
      {bar.firstByteMs != null && <span>first byte after {duration(bar.firstByteMs)}</span>}
    </div>
  );
}
