import { timeZone } from '../time-zone.ts';
import { switchTimeZone } from './time-zone-choice.ts';

/** The button in the header that switches between local time and UTC. */
export function TimeZoneButton() {
  const utc = timeZone.value === 'utc';
  return (
    <button
      type="button"
      class="quiet zone"
      aria-label={`Times: ${utc ? 'UTC' : 'local'}`}
      title={utc ? 'Times are UTC' : 'Times are local'}
      onClick={switchTimeZone}
    >
      <span aria-hidden="true">{utc ? 'UTC' : 'local'}</span>
    </button>
  );
}
