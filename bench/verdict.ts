/** The targets, each a ratio of one run, and whether this run met them. */
import { rowOf, type LotResult, type Results } from './results.ts';
import { rows } from './subjects.ts';

export interface Target {
  readonly what: string;
  readonly bound: { readonly atMost: number } | { readonly atLeast: number };
  /** NaN: not measured in this run. */
  readonly value: number;
  /** Of a bound in a unit. */
  readonly unit?: string;
}

export function isMet({ bound, value }: Target): boolean | undefined {
  if (Number.isNaN(value)) return undefined;
  return 'atMost' in bound ? value <= bound.atMost : value >= bound.atLeast;
}

/** `handlers`: mean ms in the handler, of the session and the health read. */
export function verdictOf(results: Results, handlers: { session: number; health: number }): Target[] {
  const most = Math.max(...Object.keys(results.rows[0]?.byConcurrency ?? {}).map(Number));
  const lot = (name: string, parallel: number): LotResult | undefined =>
    rowOf(results, name)?.byConcurrency[parallel];
  const p50 = (name: string, parallel = 1): number => lot(name, parallel)?.p50 ?? NaN;
  const perSecond = (name: string): number => lot(name, most)?.callsPerSecond ?? NaN;
  const serverCpu = (name: string): number => lot(name, most)?.serverCpuMs ?? NaN;
  const tasks = (name: string): number => rowOf(results, name)?.shape?.workflowTasks ?? NaN;
  const spread = (name: string): number => (lot(name, 16)?.p99 ?? NaN) / p50(name, 16);
  const floor = p50(rows.floor);
  const atMost = (what: string, value: number, bound: number, unit = ''): Target => ({
    what,
    value,
    bound: { atMost: bound },
    unit,
  });
  const atLeast = (what: string, value: number, bound: number): Target => ({
    what,
    value,
    bound: { atLeast: bound },
  });
  return [
    atMost('call by the activity / floor, p50', p50(rows.regular) / floor, 1.15),
    atMost('call by the activity / stock Temporal app, p50', p50(rows.regular) / p50(rows.stock), 0.5),
    atMost('call / stock Temporal app, p50', p50(rows.call) / p50(rows.stock), 0.5),
    atMost('call / floor, p50 (first-task path)', p50(rows.call) / floor, 0.75),
    atLeast(
      `call / floor, calls/s at ${most} (first-task path)`,
      perSecond(rows.call) / perSecond(rows.floor),
      1.3,
    ),
    atLeast(
      `call by the activity / floor, calls/s at ${most}`,
      perSecond(rows.regular) / perSecond(rows.floor),
      0.9,
    ),
    atMost('call in a session / floor, p50', p50(rows.session) / floor, 1.75),
    atMost(
      'the first failed agent adds, relative to the floor',
      (p50(rows.oneFailed) - p50(rows.call)) / floor,
      0.42,
    ),
    atMost('the second adds', (p50(rows.twoFailed) - p50(rows.oneFailed)) / floor, 0.42),
    atMost(`call / floor, server CPU at ${most}`, serverCpu(rows.call) / serverCpu(rows.floor), 1.05),
    atMost(
      `call by the activity / floor, server CPU at ${most}`,
      serverCpu(rows.regular) / serverCpu(rows.floor),
      1.05,
    ),
    atMost('call, workflow tasks', tasks(rows.call), 2),
    atMost('call by the activity, workflow tasks', tasks(rows.regular), 2),
    atMost(
      'slow agent, first task / by the activity, overhead p50',
      p50(rows.slow) / p50(rows.slowRegular),
      1.1,
    ),
    atMost('call, p99 / p50 at 16', spread(rows.call), 3),
    atMost('repeat of an ended call / direct, p50', p50(rows.repeat) / p50(rows.direct), 5),
    atMost('session read in the handler', handlers.session, 1, 'ms'),
    atMost('session read over HTTP, p50', p50(rows.sessionRead), 3, 'ms'),
    atMost('health read in the handler', handlers.health, 1, 'ms'),
  ];
}
