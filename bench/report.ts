/** The report of a run: all figures that are printed, written as JSON, compared and drawn. */
import { availableParallelism, cpus, loadavg } from 'node:os';
import {
  atLevel,
  callsPerSecondAt,
  durationsOf,
  handlerMeanMs,
  p50,
  perCall,
  type Measure,
} from './measures.ts';
import type { MeasuredRow, Plan } from './rounds.ts';
import { rowTitles, type RowName } from './row-names.ts';
import { bootstrap, figures, type Figures, type Interval } from './stats.ts';
import type { HistoryCounts } from './subject.ts';
import { judge, targets, type Judged, type Rows } from './targets.ts';

export interface Report {
  readonly format: 1;
  readonly at: string;
  readonly machine: Machine;
  readonly plan: Plan;
  readonly rows: readonly ReportRow[];
  readonly ratios: readonly Ratio[];
  readonly verdict: readonly Judged[];
  /** Single figures that do not belong to a row, e.g. of memory. */
  readonly facts?: readonly Fact[];
  /** One text for each thing that could not be measured, with the reason. */
  readonly failures?: readonly string[];
}

export interface Fact {
  readonly what: string;
  readonly value: number;
}

export interface Machine {
  readonly node: string;
  readonly cores: number;
  readonly cpu: string;
  /** The machine's load average in the minute before the run. If it is above about 0.5, the machine was not idle. */
  readonly loadBefore: number;
}

export interface ReportRow {
  readonly name: string;
  readonly title: string;
  readonly sequential: Figures;
  readonly concurrent: readonly (Figures & { readonly parallel: number; readonly callsPerSecond: number })[];
  readonly nodeCpuMs?: number;
  readonly serverCpuMs?: number;
  readonly databaseBytes?: number;
  readonly handlerMeanMs?: number;
  readonly counts?: HistoryCounts;
}

export interface Ratio extends Interval {
  readonly label: string;
  /** Set if more is better. */
  readonly isRate?: true;
}

export function thisMachine(): Machine {
  return {
    node: process.version,
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    loadBefore: loadavg()[0] ?? 0,
  };
}

export function report(rows: Rows, plan: Plan, machine: Machine): Report {
  return {
    format: 1,
    at: new Date().toISOString(),
    machine,
    plan,
    rows: [...rows].map(([name, row]) => reportRow(name, rowTitles[name], row, plan)),
    ratios: ratios(rows, plan),
    verdict: targets(plan.concurrency).map((target) => judge(target, rows, plan.rounds)),
  };
}

export function reportRow(name: string, title: string, row: MeasuredRow, plan: Plan): ReportRow {
  const all = { rounds: row.rounds.map((_, index) => index) };
  const known = (measure: Measure): number | undefined => {
    const value = measure(row, all);
    return Number.isNaN(value) ? undefined : value;
  };
  const costs = {
    nodeCpuMs: known(perCall('nodeCpuMs')),
    serverCpuMs: known(perCall('serverCpuMs')),
    databaseBytes: known(perCall('databaseBytes')),
    handlerMeanMs: known(handlerMeanMs),
    counts: row.counts,
  };
  return {
    name,
    title,
    sequential: figures(durationsOf(row, all, ({ sequential }) => sequential)),
    concurrent: plan.concurrency.map((parallel, level) => ({
      parallel,
      ...figures(durationsOf(row, all, atLevel(level))),
      callsPerSecond: callsPerSecondAt(level)(row, all),
    })),
    ...(Object.fromEntries(Object.entries(costs).filter(([, value]) => value !== undefined)) as object),
  };
}

/** The pairs of rows whose calls per second are compared. */
const sessionPairs: (readonly [RowName, RowName])[] = [
  ['session', 'call'],
  ['session-thinking', 'call'],
  ['session-hot', 'floor'],
];

/**
 * Computes the ratios of sequential medians: every kind of call to the floor and to the stock app, and some pairs of rows. Then
 * the ratios of calls per second of rows with sessions.
 */
function ratios(rows: Rows, { rounds, concurrency }: Plan): Ratio[] {
  const calls = [...rows.keys()].filter((name) =>
    /^(stock|local|call|session|failed-\d)(-regular|-tuned)?$/.test(name),
  );
  const pairs: (readonly [RowName, RowName])[] = [
    ...calls.map((name) => [name, 'floor'] as const),
    ...calls.filter((name) => !/^(stock|local)/.test(name)).map((name) => [name, 'stock'] as const),
    ['call', 'local'],
    ['call', 'call-regular'],
    ['session', 'session-regular'],
    ['session', 'call'],
    ['call', 'stock-tuned'],
    ['call-regular', 'stock-tuned'],
    ['slow', 'slow-regular'],
    ['repeat', 'repeat-rpcs'],
    ['session-read', 'describe'],
  ];
  const medians = pairs.flatMap(([over, under]) => ratio(rows, rounds, p50, over, under));
  const rates = concurrency.flatMap((parallel, level) =>
    sessionPairs.flatMap(([over, under]) =>
      ratio(rows, rounds, callsPerSecondAt(level), over, under).map((one) => ({
        ...one,
        label: `calls/s at ${parallel}: ${one.label}`,
        isRate: true as const,
      })),
    ),
  );
  return [...medians, ...rates];
}

function ratio(rows: Rows, rounds: number, measure: Measure, over: RowName, under: RowName): Ratio[] {
  const [above, below] = [rows.get(over), rows.get(under)];
  if (!above || !below) return [];
  const interval = bootstrap(rounds, (sample) => measure(above, sample) / measure(below, sample));
  return [{ label: `${rowTitles[over]} / ${rowTitles[under]}`, ...interval }];
}
