/** Formats the times of plots, in the time zone that was chosen. */
import { timeZone } from '../time-zone.ts';

const dayMs = 86_400_000;
const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const day = { month: 'short', day: 'numeric' } as const;

/** The formats of one time zone. Undefined: that of the browser. */
function formatsIn(zone: string | undefined) {
  const of = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(undefined, { ...options, ...(zone !== undefined && { timeZone: zone }) });
  return { time: of(clock), day: of(day), both: of({ ...day, ...clock }) };
}

const formats = { local: formatsIn(undefined), utc: formatsIn('UTC') };

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Whether the axis of a range has days instead of times. */
export const isByDay = ({ from, to }: Span): boolean => to - from > 2 * dayMs;

/** Formats a time (epoch ms) for the axis of a plot. */
export function axisTime(ms: number, range: Span): string {
  const { day: atDay, time: atTime } = formats[timeZone.value];
  return (isByDay(range) ? atDay : atTime).format(ms);
}

/** Formats the start (epoch ms) of an interval; with its day, unless the range is short. */
export function intervalTime(ms: number, { from, to }: Span): string {
  const { both, time: atTime } = formats[timeZone.value];
  return (to - from > dayMs / 4 ? both : atTime).format(ms);
}
