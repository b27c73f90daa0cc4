/** A run's figures as they are printed, kept as JSON and compared. */
import type { Lot, Measured } from './rounds.ts';
import type { Shape } from './shape.ts';
import { figures, ratioOfMedians, type Figures, type Ratio } from './stats.ts';
import { rows } from './subjects.ts';

export interface LotResult extends Figures {
  readonly callsPerSecond: number;
  /** Of our side's processes and of the server, per call; null where the system does not tell. */
  readonly nodeCpuMs: number | null;
  readonly serverCpuMs: number | null;
  readonly databaseBytes: number | null;
}

export interface RowResult {
  readonly name: string;
  readonly byConcurrency: Readonly<Record<string, LotResult>>;
  readonly shape: Shape | null;
  /** To the floor's: p50 one after the other, and calls per second at the highest concurrency. */
  readonly toFloor: { readonly p50: Ratio; readonly callsPerSecond: Ratio } | null;
}

export interface Results {
  readonly node: string;
  readonly calls: number;
  readonly rounds: number;
  readonly rows: readonly RowResult[];
}

export function resultsOf(
  measured: readonly Measured[],
  shapes: ReadonlyMap<string, Shape>,
  plan: { readonly calls: number; readonly rounds: number },
): Results {
  const floor = measured.find(({ subject }) => subject.name === rows.floor);
  return {
    node: process.version,
    calls: plan.calls,
    rounds: plan.rounds,
    rows: measured.map(({ subject, byConcurrency }) => ({
      name: subject.name,
      byConcurrency: Object.fromEntries(
        [...byConcurrency].map(([parallel, lot]) => [parallel, lotResult(lot)]),
      ),
      shape: shapes.get(subject.name) ?? null,
      toFloor: floor ? toFloor(byConcurrency, floor.byConcurrency) : null,
    })),
  };
}

function toFloor(own: ReadonlyMap<number, Lot>, floor: ReadonlyMap<number, Lot>) {
  const most = Math.max(...own.keys());
  const [first, last] = [own.get(1), own.get(most)];
  const [floorFirst, floorLast] = [floor.get(1), floor.get(most)];
  return {
    p50: ratioOfMedians(first?.durations ?? [], floorFirst?.durations ?? []),
    callsPerSecond: ratioOfMedians(last?.perSecond ?? [], floorLast?.perSecond ?? []),
  };
}

function lotResult(lot: Lot): LotResult {
  const count = lot.durations.length;
  const perCall = (sum: number): number | null => (Number.isNaN(sum) ? null : sum / count);
  return {
    ...figures(lot.durations),
    callsPerSecond: (count * 1_000) / lot.elapsedMs,
    nodeCpuMs: perCall(lot.nodeCpuMs),
    serverCpuMs: perCall(lot.serverCpuMs),
    databaseBytes: perCall(lot.databaseBytes),
  };
}

export function rowOf(results: Results, name: string): RowResult | undefined {
  return results.rows.find((row) => row.name === name);
}
