/** The tables that are printed at the end of a run. */
import Table from 'cli-table3';
import { endingGapHits } from './checks/ending-gap-hits.ts';
import type { Evidence, Finding } from './checks/evidence.ts';
import { turnGapHits } from './checks/turn-gap-hits.ts';
import { callsMayBeGone } from './checks/removals.ts';
import { callIdOf, outcomeOf, type CallRequest } from './load/call-request.ts';

const plain = { head: [], border: [] };
/** The most violations that are printed for each row. */
const shown = 5;

/** Formats the verdict: one line for each finding, and below the table the first violations of each. */
export function verdictTable(findings: readonly Finding[]): string {
  const table = new Table({ head: ['invariant', 'what', 'checked', 'violations', 'verdict'], style: plain });
  for (const { row, what, checked, violations, skipped, note } of findings) {
    const verdict =
      skipped !== undefined ? `skipped: ${skipped}` : violations.length > 0 ? 'VIOLATED' : 'holds';
    table.push([row, note === undefined ? what : `${what} (${note})`, checked, violations.length, verdict]);
  }
  const violationLines = findings.flatMap(({ row, violations }) => [
    ...violations.slice(0, shown).map((violation) => `  ${row}: ${violation}`),
    ...(violations.length > shown ? [`  ${row}: and ${violations.length - shown} more`] : []),
  ]);
  return [table.toString(), ...violationLines].join('\n');
}

/** How often a kind of fault happened, and how long (ms) it took until the next success. */
export interface FaultFigures {
  readonly kind: string;
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** Returns the figures of every kind of fault that happened. A fault without recovery counts as Infinity. */
export function faultFigures({ faults }: Evidence): FaultFigures[] {
  return [...new Set(faults.map(({ kind }) => kind))].sort().map((kind) => {
    const times = faults
      .filter((fault) => fault.kind === kind)
      .map(({ recoveryMs }) => recoveryMs ?? Infinity);
    const sorted = times.sort((a, b) => a - b);
    const at = (quantile: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? NaN;
    return { kind, count: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) };
  });
}

export function faultTable(figures: readonly FaultFigures[]): string {
  const table = new Table({ head: ['fault', 'count', 'next success p50', 'p95', 'max ms'], style: plain });
  for (const { kind, count, p50, p95, max } of figures) table.push([kind, count, p50, p95, max]);
  return table.toString();
}

export type Totals = ReturnType<typeof totalsOf>;

/** Returns the totals of the run. `lost` counts accepted calls that do not exist, `doubled` calls that ran or ended twice. */
export function totalsOf(evidence: Evidence) {
  const { requests, calls, views, executions } = evidence;
  const isKept = (request: CallRequest): boolean =>
    outcomeOf(request) === 'accepted' && !callsMayBeGone(evidence, request.body.session_id);
  const accepted = new Set(requests.map(callIdOf).filter((id) => id !== undefined));
  const ended = (status: string): number =>
    [...accepted].filter((id) => views.get(id)?.status === status).length;
  const perKey = new Map<string, number>();
  for (const { key } of executions) perKey.set(key, (perKey.get(key) ?? 0) + 1);
  return {
    requests: requests.reduce((sum, { submissions }) => sum + submissions.length, 0),
    accepted: accepted.size,
    completed: ended('completed'),
    failed: ended('failed'),
    cancelled: ended('cancelled'),
    refused: requests.filter((request) => outcomeOf(request) === 'refused').length,
    'unclear and abandoned': requests.filter((request) => outcomeOf(request) === 'unclear').length,
    lost: requests.filter((request) => isKept(request) && !calls.has(callIdOf(request) ?? '')).length,
    doubled: [...calls.values()].filter(
      ({ runs, endings, sessionId }) => (runs > 1 || endings > 1) && !callsMayBeGone(evidence, sessionId),
    ).length,
    'deletions and cleanups': evidence.removals.length,
    executions: executions.length,
    'executions above one': [...perKey.values()].reduce((sum, count) => sum + count - 1, 0),
    'caught between turn and start': turnGapHits(evidence),
    'caught between ending and session': endingGapHits(evidence),
  };
}

export function totalsLine(totals: Totals): string {
  return Object.entries(totals)
    .map(([what, count]) => `${what} ${count}`)
    .join(', ');
}
