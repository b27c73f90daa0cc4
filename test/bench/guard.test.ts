/**
 * A minute of the benchmark. What one call leaves in Temporal is exact and must not grow; times are ratios to a floor that
 * takes turns with them, with a margin for machines that are busy. A run that noise spoilt is repeated: a regression stays.
 */
import { describe, expect, it } from 'vitest';
import { runBench } from '../../bench/run.ts';
import type { Report, ReportRow } from '../../bench/report.ts';
import type { RowName } from '../../bench/row-names.ts';

const rows: RowName[] = ['floor', 'call', 'call-regular', 'session', 'failed-1'];
const margin = 1.35;

const measureShort = (): Promise<Report> =>
  runBench({ rows, calls: 45, rounds: 3, concurrency: [16], stored: 0 }, () => undefined);

describe('a short run', () => {
  it(
    'meets the targets with a margin, and leaves no more in Temporal',
    { retry: 2, timeout: 300_000 },
    async () => {
      const report = await measureShort();
      const row = (name: RowName): ReportRow => {
        const found = report.rows.find((one) => one.name === name);
        if (!found) throw new Error(`There is no row ${name}`);
        return found;
      };
      // No noise here: what these say changes by a decision alone.
      expect(row('floor').counts).toEqual({ events: 11, workflowTasks: 2 });
      expect(row('call').counts).toEqual({ events: 6, workflowTasks: 1 });
      expect(row('call-regular').counts).toEqual({ events: 11, workflowTasks: 2 });
      expect(row('session').counts).toEqual({ events: 11, workflowTasks: 2, sessionEvents: 9 });
      expect(row('failed-1').counts).toEqual({ events: 8, workflowTasks: 1 });

      const p50 = (name: RowName): number => row(name).sequential.p50 / row('floor').sequential.p50;
      expect.soft(p50('call'), 'call / floor').toBeLessThan(0.75 * margin);
      expect.soft(p50('call-regular'), 'regular path / floor').toBeLessThan(1.15 * margin);
      expect.soft(p50('session'), 'session / floor').toBeLessThan(1.75 * margin);
      expect.soft(p50('failed-1'), 'one failed agent / floor').toBeLessThan((0.75 + 0.42) * margin);
      const cpu = (name: RowName): number => (row(name).serverCpuMs ?? 0) / (row('floor').serverCpuMs ?? 1);
      expect.soft(cpu('call'), 'server CPU of a call / floor').toBeLessThan(0.7 * margin);
      expect.soft(cpu('call-regular'), 'server CPU by the regular path / floor').toBeLessThan(1.05 * margin);
      const rate = (name: RowName): number => row(name).concurrent[0]?.callsPerSecond ?? 0;
      expect
        .soft(rate('call-regular') / rate('floor'), 'calls/s, regular path')
        .toBeGreaterThan(0.9 / margin);
      expect.soft(rate('call') / rate('floor'), 'calls/s').toBeGreaterThan(1);
    },
  );
});
