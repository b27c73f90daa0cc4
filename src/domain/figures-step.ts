/** The intervals of figures: minutes, tens of minutes, hours and days, in UTC. */

export type Step = 'minute' | 'ten_minutes' | 'hour' | 'day';

/** The length of the intervals, in ms. */
export const stepMs = {
  minute: 60_000,
  ten_minutes: 600_000,
  hour: 3_600_000,
  day: 86_400_000,
} as const satisfies Record<Step, number>;

export const steps = Object.keys(stepMs) as [Step, ...Step[]];

/** Returns the start of the interval that contains `ms` (epoch ms). */
export function startOf(step: Step, ms: number): number {
  return Math.floor(ms / stepMs[step]) * stepMs[step];
}

/** Yields the starts of the intervals that overlap the time from `fromMs` until before `toMs`. */
export function* startsBetween(step: Step, fromMs: number, toMs: number): Generator<number> {
  for (let at = startOf(step, fromMs); at < toMs; at += stepMs[step]) yield at;
}

/** The longest ranges, in ms, that are shown by minute and by hour unless another step is asked for. */
const longestByMinuteMs = 6 * stepMs.hour;
const longestByHourMs = 14 * stepMs.day;

/** Returns the step that suits a range of this length. */
export function stepFor(rangeMs: number): Step {
  if (rangeMs <= longestByMinuteMs) return 'minute';
  return rangeMs <= longestByHourMs ? 'hour' : 'day';
}
