/**
 * A minute of the benchmark. What one call leaves in Temporal is exact and must not grow. Times are ratios to a floor that
 * takes turns with them: one is a regression if the whole of its interval lies beyond the target and a margin, which a busy
 * machine alone does not do.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { runBench } from '../../bench/run.ts';
import type { Report, ReportRow } from '../../bench/report.ts';
import type { RowName } from '../../bench/row-names.ts';

const rows: RowName[] = ['floor', 'call', 'call-regular', 'session', 'failed-1'];
const margin = 1.35;

describe('a short run', () => {
  let report: Report;
  beforeAll(async () => {
    report = await runBench({ rows, calls: 60, rounds: 6, concurrency: [16], stored: 0 }, () => undefined);
  }, 600_000);

  const row = (name: RowName): ReportRow => {
    const found = report.rows.find((one) => one.name === name);
    if (!found) throw new Error(`There is no row ${name}`);
    return found;
  };

  it('leaves no more in Temporal than before', () => {
    expect(row('floor').counts).toEqual({ events: 11, workflowTasks: 2 });
    expect(row('call').counts).toEqual({ events: 6, workflowTasks: 1 });
    expect(row('call-regular').counts).toEqual({ events: 11, workflowTasks: 2 });
    expect(row('session').counts).toEqual({
      events: 6,
      workflowTasks: 1,
      sessionEvents: 5,
      sessionTasks: 1,
    });
    expect(row('failed-1').counts).toEqual({ events: 8, workflowTasks: 1 });
  });

  it('misses none of the targets that it measures by more than the margin', () => {
    const measured = report.verdict.filter(({ status }) => status !== 'not measured');
    const beyond = measured.flatMap(({ what, limit, value = NaN, low = value, high = value }) => {
      const [sign, bound] = [limit.slice(0, 2), Number(limit.slice(3))];
      const holds = sign === '<=' ? low <= bound * margin : high >= bound / margin;
      return holds ? [] : [`${what}: ${value} [${low}, ${high}], target ${limit}`];
    });
    expect(measured.length).toBeGreaterThanOrEqual(8);
    expect(beyond).toEqual([]);
  });
});
