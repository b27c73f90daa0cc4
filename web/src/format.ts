/** Formats numbers and times for people, in the locale of the browser and the time zone that was chosen. */
import { timeZone } from './time-zone.ts';

const clock = {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'short',
} as const;
const day = { month: 'short', day: 'numeric' } as const;
const number = new Intl.NumberFormat();

/** The formats of times of one time zone. An undefined zone is that of the browser. */
function formatsIn(zone: string | undefined) {
  const of = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(undefined, { ...options, ...(zone !== undefined && { timeZone: zone }) });
  return {
    time: of(clock),
    dayAndTime: of({ ...day, ...clock }),
    yearAndTime: of({ year: 'numeric', ...day, ...clock }),
    date: of({ year: 'numeric', month: 'numeric', day: 'numeric' }),
    year: of({ year: 'numeric' }),
  };
}

const formats = { local: formatsIn(undefined), utc: formatsIn('UTC') };

/**
 * Formats a time in the time zone that was chosen, with the zone's name; adds the day unless it is today, and the year unless
 * it is this year.
 */
export function when(iso: string): string {
  const at = new Date(iso);
  const now = new Date();
  const { time, dayAndTime, yearAndTime, date, year } = formats[timeZone.value];
  if (date.format(at) === date.format(now)) return time.format(at);
  return (year.format(at) === year.format(now) ? dayAndTime : yearAndTime).format(at);
}

/** Formats a duration: `850 ms`, `3.42 s`, `12.3 s`, `2 m 05 s`, `1 h 02 m`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const [small, large, unit, smallUnit] =
    ms < 3_600_000 ? [1_000, 60_000, 'm', 's'] : [60_000, 3_600_000, 'h', 'm'];
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${unit} ${String(rest).padStart(2, '0')} ${smallUnit}`;
}

/** Formats a number with separators between its thousands. */
export const count = (value: number): string => number.format(value);

/** Formats a count with its noun: `1 call`, `2 calls`. */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** Turns a name of the API into words: `invalid_response` becomes `invalid response`. */
export const words = (name: string): string => name.replaceAll('_', ' ');
