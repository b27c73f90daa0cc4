import type { QueueTurns, Round } from '../../bench/figures.ts';
import type { MeasuredRow } from '../../bench/rounds.ts';
import type { ReportRow } from '../../bench/report.ts';
import { figures } from '../../bench/stats.ts';

/** A row whose rounds took these medians, in sequence and at the one level of concurrency. */
export function rowOf(roundsMs: readonly number[], more: Partial<MeasuredRow & Round> = {}): MeasuredRow {
  const { counts, ...round } = more;
  return {
    rounds: roundsMs.map((ms) => ({
      sequential: { durationsMs: [ms * 0.9, ms, ms * 1.1], elapsedMs: 3 * ms },
      concurrent: [{ durationsMs: [ms, ms, 2 * ms, 2 * ms], elapsedMs: ms }],
      usage: { nodeCpuMs: 4 * ms, serverCpuMs: 8 * ms, databaseBytes: 4_000 },
      ...round,
    })),
    ...(counts && { counts }),
  };
}

/** A queue of 100 turns, with what one of the first ten and one of the last ten cost, in ms of time and of CPU. */
export function queueOf(first: number, last: number, all = (first + last) / 2): QueueTurns {
  const costs = (ms: number) => ({ elapsedMs: ms, serverCpuMs: ms });
  return { count: 100, first: costs(first), last: costs(last), all: costs(all) };
}

export function reportRowOf(name: string, p50: number, more: Partial<ReportRow> = {}): ReportRow {
  return {
    name,
    title: `row ${name}`,
    sequential: { ...figures([p50]), p95: 2 * p50 },
    concurrent: [],
    ...more,
  };
}
