import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { compare, readReport } from '../../bench/compare.ts';
import { reportRowOf } from './support.ts';

const run = (value: number, events: number) => ({
  ratios: [{ label: 'call / floor', value, low: value - 0.1, high: value + 0.1 }],
  rows: [reportRowOf('call', 10, { counts: { events, workflowTasks: 2 } })],
});

describe('two runs', () => {
  it.each([
    [1, 1.05, 'same'],
    [1, 1.3, 'worse'],
    [1.3, 1, 'better'],
  ])('a ratio of %d then and %d now is %s', (then, now, change) => {
    expect(compare(run(then, 11), run(now, 11)).map((one) => one.change)).toEqual([change]);
  });

  it('of a rate, more is better, and the quotient is told', () => {
    const rate = (value: number) => {
      const { ratios, rows } = run(value, 11);
      return { ratios: ratios.map((one) => ({ ...one, isRate: true as const })), rows };
    };
    expect(compare(rate(1), rate(1.5))).toMatchObject([{ quotient: 1.5, change: 'better' }]);
    expect(compare(rate(1.5), rate(1))).toMatchObject([{ change: 'worse' }]);
  });

  it('what an older run did not count is not compared', () => {
    const counted = (sessionTasks?: number) => ({
      ratios: [],
      rows: [
        reportRowOf('session', 10, {
          counts: { events: 6, workflowTasks: 1, ...(sessionTasks !== undefined && { sessionTasks }) },
        }),
      ],
    });
    expect(compare(counted(), counted(1))).toEqual([]);
    expect(compare(counted(1), counted(2))).toMatchObject([{ change: 'worse' }]);
  });

  it('one more event is worse, whatever the times say', () => {
    expect(compare(run(1, 11), run(1, 12))).toContainEqual({
      label: 'events: row call',
      before: '11',
      after: '12',
      change: 'worse',
    });
  });

  it('a ratio that one of them lacks is told as that', () => {
    expect(compare({ ...run(1, 11), ratios: [] }, run(1, 11))[0]?.change).toBe('only now');
    expect(compare(run(1, 11), { ...run(1, 11), ratios: [] })[0]?.change).toBe('only then');
  });
});

describe('a file to compare with', () => {
  it.each([
    ['no JSON', 'nonsense', /--compare .*is not valid JSON/],
    ['another kind of file', '{"rows":[]}', /not a file that --json/],
  ])('that is %s is refused', async (_, text, message) => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-compare-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'old.json'), text);
    await expect(readReport(join(folder, 'old.json'))).rejects.toThrow(message);
  });
});
