/** The time zone of all times that the desk shows: that of the browser, or UTC. */
import { signal } from '@preact/signals';

export type TimeZone = 'local' | 'utc';

/** The time zone in use. What renders a time is rendered again when it changes. */
export const timeZone = signal<TimeZone>('local');
