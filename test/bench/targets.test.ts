import { describe, expect, it } from 'vitest';
import { judge, statusOf, targets, type Judged, type Rows } from '../../bench/targets.ts';
import { rowOf } from './support.ts';

const judgedOf = (rows: Rows, levels: readonly number[] = [16]): Judged[] =>
  targets(levels).map((target) => judge(target, rows, 3));

const find = (verdict: readonly Judged[], what: string): Judged | undefined =>
  verdict.find((one) => one.what.startsWith(what));

describe('a target', () => {
  it('that is a ratio is judged by the rounds of both rows', () => {
    const rows: Rows = new Map([
      ['floor', rowOf([10, 20, 30])],
      ['call', rowOf([11, 22, 33])],
    ]);
    const judged = find(judgedOf(rows), 'p50: call / bare eager');
    expect(judged).toMatchObject({ limit: '<= 1.15', status: expect.stringMatching(/^met/) as string });
    // A slow round is slow for both: what they share must not widen the interval.
    expect(judged?.value).toBeCloseTo(1.1);
    expect(judged?.high).toBeLessThan(1.5);
  });

  it('is missed where the ratio is above it', () => {
    const rows: Rows = new Map([
      ['floor', rowOf([10, 10, 10])],
      ['call', rowOf([20, 20, 20])],
    ]);
    expect(find(judgedOf(rows), 'p50: call / bare eager')?.status).toBe('missed');
  });

  it('of calls per second is one that may not fall below', () => {
    const rows: Rows = new Map([
      ['floor', rowOf([10, 10, 10])],
      ['call-regular', rowOf([20, 20, 20])],
    ]);
    const judged = find(judgedOf(rows, [64]), 'calls/s at 64: call, regular path');
    expect(judged).toMatchObject({ limit: '>= 0.9', value: 0.5, status: 'missed' });
  });

  it('of a failed agent is what it adds, as a share of the floor', () => {
    const rows: Rows = new Map([
      ['floor', rowOf([10, 10, 10])],
      ['call', rowOf([10, 10, 10])],
      ['failed-1', rowOf([14, 14, 14])],
    ]);
    expect(find(judgedOf(rows), 'p50: (call after one')?.value).toBeCloseTo(0.4);
  });

  it('of a repeat is held to the RPCs that it needs', () => {
    const rows: Rows = new Map([
      ['repeat-rpcs', rowOf([10, 10, 10])],
      ['repeat', rowOf([12, 12, 12])],
    ]);
    const judged = find(judgedOf(rows), 'p50: idempotent repeat');
    expect(judged).toMatchObject({ limit: '<= 1.3', status: expect.stringMatching(/^met/) as string });
    expect(judged?.value).toBeCloseTo(1.2);
  });

  it('of counts has no noise', () => {
    const rows: Rows = new Map([['call', rowOf([10, 10, 10], { counts: { events: 11, workflowTasks: 3 } })]]);
    expect(find(judgedOf(rows), 'workflow tasks')).toMatchObject({
      value: 3,
      low: 3,
      high: 3,
      status: 'missed',
    });
  });

  it('of the handler is met when half of the requests took less than a millisecond', () => {
    const handler = { requests: 10, seconds: 0.2, underOneMs: 6 };
    const rows: Rows = new Map([['session-read', rowOf([1, 1, 1], { handler })]]);
    expect(find(judgedOf(rows), 'session read, share')).toMatchObject({ value: 0.6, status: 'met' });
  });

  it('whose rows or levels are not there is not measured', () => {
    const rows: Rows = new Map([['call', rowOf([10, 10, 10])]]);
    const verdict = judgedOf(rows, [4]);
    for (const what of ['p50: call / bare', 'calls/s at 64: call /', 'p99 / p50 at 16: call'])
      expect(find(verdict, what)?.status).toBe('not measured');
  });
});

describe('a verdict says how sure it is', () => {
  it.each([
    [{ value: 1, low: 0.9, high: 1.1 }, 'met'],
    [{ value: 1.1, low: 0.9, high: 1.3 }, 'met, barely'],
    [{ value: 1.2, low: 1.1, high: 1.3 }, 'missed, barely'],
    [{ value: 1.3, low: 1.2, high: 1.4 }, 'missed'],
  ])('%o', (interval, status) => {
    expect(statusOf(interval, { atMost: 1.15 })).toBe(status);
  });
});
