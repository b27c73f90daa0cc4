/** The choice of the time zone. It is stored in the browser. */
import { effect } from '@preact/signals';
import { timeZone } from '../time-zone.ts';

const storageKey = 'holdfast-time-zone';

if (localStorage.getItem(storageKey) === 'utc') timeZone.value = 'utc';

/** Switches between the time zone of the browser and UTC. */
export function switchTimeZone(): void {
  timeZone.value = timeZone.value === 'utc' ? 'local' : 'utc';
}

effect(() => localStorage.setItem(storageKey, timeZone.value));
