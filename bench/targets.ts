/** The targets of the product, each for a figure within one run, and the verdict whether a run meets them. */
import {
  callsPerSecondAt,
  handlerShareUnderOneMs,
  p50,
  p50At,
  p99At,
  perCall,
  turnToFirst,
  type Measure,
} from './measures.ts';
import type { TurnCosts } from './figures.ts';
import type { MeasuredRow } from './rounds.ts';
import { rowTitles, type RowName } from './row-names.ts';
import { bootstrap, type Sample } from './stats.ts';

export type Rows = ReadonlyMap<RowName, MeasuredRow>;

export interface Target {
  readonly what: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  /** Returns the function that computes the figure; undefined if a row that it needs was not measured. */
  figure(rows: Rows): ((sample: Sample) => number) | undefined;
}

export type Status = 'met' | 'met, barely' | 'missed, barely' | 'missed' | 'not measured';

export interface Judged {
  readonly what: string;
  readonly limit: string;
  readonly value?: number;
  readonly low?: number;
  readonly high?: number;
  readonly status: Status;
}

/**
 * 1.5 times what one session with 64 callers did before calls ended by themselves: 0.36 of the floor's calls per second, the mean
 * of nine runs of the code of commit 9e2552e.
 */
const hotAtLeast = 0.54;

/** Returns all targets. `levels` are the plan's levels of concurrency; targets at 16 and 64 depend on them. */
export function targets(levels: readonly number[]): Target[] {
  const [at16, at64] = [levels.indexOf(16), levels.indexOf(64)];
  const paths = ['call', 'call-regular'] as const;
  return [
    ...paths.map((row) => ({ ...ratio('p50', p50, row, 'floor'), atMost: 1.15 })),
    ...paths.map((row) => ({ ...ratio('p50', p50, row, 'stock'), atMost: 0.5 })),
    { ...ratio('p50', p50, 'session', 'floor'), atMost: 1.75 },
    { ...added('failed-1', 'call'), atMost: 0.42 },
    { ...added('failed-2', 'failed-1'), atMost: 0.42 },
    ...paths.map((row) => ({
      ...ratio('calls/s at 64', callsPerSecondAt(at64), row, 'floor'),
      atLeast: 0.9,
    })),
    { ...ratio('quick agent, p50', p50, 'call', 'floor'), atMost: 0.75 },
    { ...ratio('quick agent, calls/s at 64', callsPerSecondAt(at64), 'call', 'floor'), atLeast: 1.3 },
    ...paths.map((row) => ({ ...ratio('server CPU', perCall('serverCpuMs'), row, 'floor'), atMost: 1.05 })),
    ...paths.map((row) => ({
      ...alone(
        `workflow tasks of: ${rowTitles[row]}`,
        row,
        ({ counts }) => counts?.workflowTasks ?? Number.NaN,
      ),
      atMost: 2,
    })),
    {
      ...alone('session read, share under 1 ms in the handler', 'session-read', handlerShareUnderOneMs),
      atLeast: 0.5,
    },
    { ...alone('session read, p50 in ms over HTTP', 'session-read', p50), atMost: 3 },
    {
      ...alone('health read, share under 1 ms in the handler', 'health-read', handlerShareUnderOneMs),
      atLeast: 0.5,
    },
    { ...ratio('p50', p50, 'repeat', 'repeat-rpcs'), atMost: 1.3 },
    { ...ratio('p50', p50, 'slow', 'slow-regular'), atMost: 1.1 },
    { ...ratio('p50', p50, 'call-key', 'call'), atMost: 1.1 },
    { ...ratio('server CPU', perCall('serverCpuMs'), 'call-key', 'call'), atMost: 1.1 },
    { ...ratio('p50', p50, 'call-traced', 'call'), atMost: 1.1 },
    { ...ratio('p50', p50, 'call-watched', 'call'), atMost: 1.1 },
    ...paths.map((row) => ({
      ...alone(
        `p99 / p50 at 16: ${rowTitles[row]}`,
        row,
        (measured, sample) => p99At(at16)(measured, sample) / p50At(at16)(measured, sample),
      ),
      atMost: 3,
    })),
    ...sessionTargets(at16, at64),
  ];
}

/** The targets of calls in sessions, beside calls without one. */
function sessionTargets(at16: number, at64: number): Target[] {
  const serverCpu = perCall('serverCpuMs');
  const { session } = rowTitles;
  return [
    { ...ratio('p50', p50, 'session', 'call'), atMost: 1.4 },
    { ...ratio('calls/s at 16', callsPerSecondAt(at16), 'session', 'call'), atLeast: 0.75 },
    { ...ratio('server CPU', serverCpu, 'session', 'call'), atMost: 1.5 },
    { ...ratio('server CPU', serverCpu, 'session-thinking', 'call'), atMost: 1.8 },
    {
      ...alone(`workflow tasks of call and session: ${session}`, 'session', withSession('workflowTasks')),
      atMost: 2,
    },
    { ...alone(`events of call and session: ${session}`, 'session', withSession('events')), atMost: 12 },
    { ...ratio('turns/s at 64', callsPerSecondAt(at64), 'session-hot', 'floor'), atLeast: hotAtLeast },
    ...(['elapsedMs', 'serverCpuMs'] as const).flatMap((of) => queueTargets(of)),
    { ...ratio('p50', p50, 'session-read', 'describe'), atMost: 1.3 },
    { ...overSum('session', ['call', 'update', 'describe']), atMost: 1.1 },
    { ...overSum('session-read', ['describe', 'http']), atMost: 1.1 },
  ];
}

/** Each turn of a queue costs the same as the first, within a quarter, because ten turns are few. */
function queueTargets(of: keyof TurnCosts): Target[] {
  const what = `${of === 'elapsedMs' ? 'time' : 'server CPU'} of a turn while 100 calls wait`;
  return [
    {
      ...alone(`${what}: the last ten / the first ten`, 'session-queue', turnToFirst('last', of)),
      atLeast: 0.8,
      atMost: 1.25,
    },
    { ...alone(`${what}: all / the first ten`, 'session-queue', turnToFirst('all', of)), atMost: 1.25 },
  ];
}

const withSession =
  (of: 'events' | 'workflowTasks'): Measure =>
  ({ counts }) => {
    const ofSession = of === 'events' ? counts?.sessionEvents : counts?.sessionTasks;
    return (counts?.[of] ?? Number.NaN) + (ofSession ?? Number.NaN);
  };

export function judge(target: Target, rows: Rows, rounds: number): Judged {
  return judgeFigure(target, target.figure(rows), rounds);
}

type Limit = Omit<Target, 'figure'>;

export function judgeFigure(
  limit: Limit,
  figure: ((sample: Sample) => number) | undefined,
  rounds: number,
): Judged {
  const interval = figure && bootstrap(rounds, figure);
  const row = { what: limit.what, limit: limitOf(limit) };
  if (!interval || Number.isNaN(interval.value)) return { ...row, status: 'not measured' };
  return { ...row, ...interval, status: statusOf(interval, limit) };
}

/** Compares a figure with its limit. The figure was measured once, so it has no interval. */
export function judgeValue(limit: Limit, value: number): Judged {
  const row = { what: limit.what, limit: limitOf(limit) };
  if (Number.isNaN(value)) return { ...row, status: 'not measured' };
  return { ...row, value, status: statusOf({ value, low: value, high: value }, limit) };
}

/** Compares an interval with a limit. `barely` means that the limit lies within the interval. */
export function statusOf(
  { value, low, high }: { value: number; low: number; high: number },
  { atMost = Infinity, atLeast = -Infinity }: { atMost?: number; atLeast?: number },
): Status {
  const isWithin = value <= atMost && value >= atLeast;
  if (isWithin) return low >= atLeast && high <= atMost ? 'met' : 'met, barely';
  return low > atMost || high < atLeast ? 'missed' : 'missed, barely';
}

function limitOf({ atMost, atLeast }: Limit): string {
  if (atMost !== undefined && atLeast !== undefined) return `${atLeast} to ${atMost}`;
  return atMost === undefined ? `>= ${atLeast ?? ''}` : `<= ${atMost}`;
}

function ratio(what: string, measure: Measure, over: RowName, under: RowName): Target {
  return {
    what: `${what}: ${rowTitles[over]} / ${rowTitles[under]}`,
    figure(rows) {
      const [above, below] = [rows.get(over), rows.get(under)];
      if (!above || !below) return undefined;
      return (sample) => measure(above, sample) / measure(below, sample);
    },
  };
}

/** A latency beside the sum of its parts, each measured by itself. */
function overSum(over: RowName, parts: readonly RowName[]): Target {
  return {
    what: `p50: ${rowTitles[over]} / (${parts.map((part) => rowTitles[part]).join(' + ')})`,
    figure(rows) {
      const whole = rows.get(over);
      const measured = parts.flatMap((part) => rows.get(part) ?? []);
      if (!whole || measured.length < parts.length) return undefined;
      return (sample) => p50(whole, sample) / measured.reduce((sum, part) => sum + p50(part, sample), 0);
    },
  };
}

/** The latency that one more failed agent adds, as a share of the floor. */
function added(more: RowName, less: RowName): Target {
  return {
    what: `p50: (${rowTitles[more]} - ${rowTitles[less]}) / ${rowTitles.floor}`,
    figure(rows) {
      const [over, under, floor] = [rows.get(more), rows.get(less), rows.get('floor')];
      if (!over || !under || !floor) return undefined;
      return (sample) => (p50(over, sample) - p50(under, sample)) / p50(floor, sample);
    },
  };
}

function alone(what: string, row: RowName, measure: Measure): Target {
  return {
    what,
    figure(rows) {
      const measured = rows.get(row);
      return measured && ((sample) => measure(measured, sample));
    },
  };
}
