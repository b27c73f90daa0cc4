/**
 * Compares two runs by figures that do not depend on the machine: ratios, and the number of events that one call leaves in
 * Temporal.
 */
import { readFile } from 'node:fs/promises';
import type { Report } from './report.ts';
import type { Interval } from './stats.ts';

export interface Comparison {
  readonly label: string;
  readonly before: string;
  readonly after: string;
  /** The figure of this run divided by that of the other run. */
  readonly quotient?: number;
  readonly change: 'same' | 'better' | 'worse' | 'only now' | 'only then';
}

type Compared = Pick<Report, 'ratios' | 'rows'>;

/** Reads a file that `--json` wrote. Throws an error that says what is wrong with the file. */
export async function readReport(path: string): Promise<Report> {
  let report: Partial<Report>;
  try {
    report = JSON.parse(await readFile(path, 'utf8')) as Partial<Report>;
  } catch (error) {
    throw new Error(`--compare ${path}: ${(error as Error).message}`, { cause: error });
  }
  if (report.format !== 1)
    throw new Error(`--compare ${path}: not a file that --json of this version writes`);
  return report as Report;
}

/**
 * Compares the figures of two runs. Smaller is better, except for ratios of rates. A ratio counts as changed if the confidence
 * intervals of the two runs do not overlap.
 */
export function compare(before: Compared, after: Compared): Comparison[] {
  return [...compareRatios(before, after), ...compareCounts(before, after)];
}

function compareRatios({ ratios: before }: Compared, { ratios: after }: Compared): Comparison[] {
  const labels = [...new Set([...before, ...after].map(({ label }) => label))];
  return labels.map((label) => {
    const [then, now] = [before, after].map((ratios) => ratios.find((one) => one.label === label));
    const row = { label, before: withInterval(then), after: withInterval(now) };
    if (!then || !now) return { ...row, change: now ? 'only now' : 'only then' };
    const [more, less] = now.isRate ? (['better', 'worse'] as const) : (['worse', 'better'] as const);
    const change = now.low > then.high ? more : now.high < then.low ? less : 'same';
    return { ...row, quotient: now.value / then.value, change };
  });
}

function compareCounts({ rows: before }: Compared, { rows: after }: Compared): Comparison[] {
  return after.flatMap(({ name, title, counts: now }) => {
    const then = before.find((row) => row.name === name)?.counts;
    if (!now || !then) return [];
    const all = [
      ['events', then.events, now.events],
      ['workflow tasks', then.workflowTasks, now.workflowTasks],
      ['events of the session', then.sessionEvents, now.sessionEvents],
      ['workflow tasks of the session', then.sessionTasks, now.sessionTasks],
    ] as const;
    return all.flatMap(([what, from, to]) => {
      if (from === undefined || to === undefined || from === to) return [];
      const change = to > from ? ('worse' as const) : ('better' as const);
      return [{ label: `${what}: ${title}`, before: String(from), after: String(to), change }];
    });
  });
}

function withInterval(interval: Interval | undefined): string {
  if (!interval) return '-';
  const { value, low, high } = interval;
  return `${value.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}
