/** Turns a report into tables: with cli-table3 for the terminal, as Markdown for the docs. */
import CliTable from 'cli-table3';
import type { Comparison } from './compare.ts';
import type { Report, ReportRow } from './report.ts';
import type { Figures } from './stats.ts';

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function timesTable({ rows, plan }: Pick<Report, 'rows' | 'plan'>): Table {
  return {
    head: [
      'p50 / p95 / p99, ms',
      'in sequence',
      ...plan.concurrency.flatMap((parallel) => [`at ${parallel}`, `calls/s at ${parallel}`]),
    ],
    rows: rows.map(({ title, sequential, concurrent }) => [
      title,
      quantiles(sequential),
      ...concurrent.flatMap((level) => [quantiles(level), short(level.callsPerSecond)]),
    ]),
  };
}

export function costsTable({ rows }: Pick<Report, 'rows'>): Table {
  return {
    head: [
      'per call',
      'node CPU, ms',
      'server CPU, ms',
      'database, kB',
      'events',
      'workflow tasks',
      'in the handler, ms',
    ],
    rows: rows.map((row) => [
      row.title,
      short(row.nodeCpuMs),
      short(row.serverCpuMs),
      short(row.databaseBytes === undefined ? undefined : row.databaseBytes / 1_000),
      events(row),
      tasks(row),
      short(row.handlerMeanMs),
    ]),
  };
}

export function ratiosTable({ ratios }: Pick<Report, 'ratios'>): Table {
  return {
    head: ['ratio (of sequential medians unless it says otherwise)', '', '95 % interval'],
    rows: ratios.map(({ label, value, low, high }) => [label, value.toFixed(2), interval(low, high)]),
  };
}

export function verdictTable({ verdict }: Pick<Report, 'verdict'>): Table {
  return {
    head: ['target', 'limit', 'measured', '95 % interval', 'verdict'],
    rows: verdict.map(({ what, limit, value, low, high, status }) => [
      what,
      limit,
      value === undefined ? '-' : value.toFixed(2),
      low === undefined || high === undefined ? '-' : interval(low, high),
      status,
    ]),
  };
}

export function factsTable({ facts = [] }: Pick<Report, 'facts'>): Table {
  return { head: ['measured beside', ''], rows: facts.map(({ what, value }) => [what, short(value)]) };
}

/** All tables of a report that are not empty, in the order in which they are printed. */
export function tablesOf(report: Report): Table[] {
  const all = [
    timesTable(report),
    costsTable(report),
    ratiosTable(report),
    factsTable(report),
    verdictTable(report),
  ];
  return all.filter(({ rows }) => rows.length > 0);
}

export function comparisonTable(comparisons: readonly Comparison[]): Table {
  return {
    head: ['against the other run', 'then', 'now', 'now / then', ''],
    rows: comparisons.map(({ label, before, after, quotient, change }) => [
      label,
      before,
      after,
      quotient?.toFixed(2) ?? '-',
      change,
    ]),
  };
}

export function forTerminal({ head, rows }: Table): string {
  const table = new CliTable({ head: [...head], style: { head: [], border: [] } });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}

export function forMarkdown({ head, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function quantiles({ count, p50, p95, p99 }: Figures): string {
  if (count === 0) return '-';
  return [p50, p95, p99].map(short).join(' / ');
}

function events({ counts }: ReportRow): string {
  return counts ? withSession(counts.events, counts.sessionEvents) : '-';
}

function tasks({ counts }: ReportRow): string {
  return counts ? withSession(counts.workflowTasks, counts.sessionTasks) : '-';
}

function withSession(ofCall: number, ofSession: number | undefined): string {
  return ofSession === undefined ? String(ofCall) : `${ofCall} + ${short(ofSession)} of the session`;
}

/**
 * Formats a figure: an integer as it is, from 100 without decimals, from 1 with one decimal, below 1 with two; `-` if it is not
 * known.
 */
export function short(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '-';
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 1 ? 1 : 2);
}

function interval(low: number, high: number): string {
  return `${low.toFixed(2)} to ${high.toFixed(2)}`;
}
