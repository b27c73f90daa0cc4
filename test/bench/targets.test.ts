import { describe, expect, it } from 'vitest';
import { judge, statusOf, targets, type Judged, type Rows } from '../../bench/targets.ts';
import { queueOf, rowOf } from './support.ts';

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

  it('of a call in a session is held to the sum of what it needs, if all of that was measured', () => {
    const parts: Rows = new Map([
      ['call', rowOf([10, 10, 10])],
      ['update', rowOf([4, 4, 4])],
      ['session', rowOf([15, 15, 15])],
    ]);
    const what = 'p50: call in a session / (call + update';
    expect(find(judgedOf(parts), what)?.status).toBe('not measured');
    const judged = find(judgedOf(new Map([...parts, ['describe', rowOf([1, 1, 1])]])), what);
    expect(judged?.value).toBeCloseTo(1);
    expect(judged?.limit).toBe('<= 1.1');
    expect(judged?.status).toMatch(/^met/);
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

  it('of a call in a session is that of a call without one, and of both histories together', () => {
    const counts = { events: 6, workflowTasks: 1, sessionEvents: 5, sessionTasks: 1 };
    const rows: Rows = new Map([
      ['call', rowOf([10, 10, 10])],
      ['session', rowOf([13, 13, 13], { counts })],
      ['session-thinking', rowOf([20, 20, 20])],
    ]);
    const verdict = judgedOf(rows);
    expect(find(verdict, 'p50: call in a session / call')?.value).toBeCloseTo(1.3);
    expect(find(verdict, 'calls/s at 16: call in a session / call')?.value).toBeCloseTo(1 / 1.3);
    expect(find(verdict, 'server CPU: call in a session / call')?.value).toBeCloseTo(1.3);
    expect(find(verdict, 'server CPU: call in a session, 10 s')?.status).toBe('missed');
    expect(find(verdict, 'workflow tasks of call and session')).toMatchObject({ value: 2, status: 'met' });
    expect(find(verdict, 'events of call and session')).toMatchObject({ value: 11, status: 'met' });
  });

  it('of a queue is missed if its last turns cost more than the first, or less', () => {
    const judgedFor = (first: number, last: number) =>
      find(
        judgedOf(new Map([['session-queue', rowOf([1, 1, 1], { queue: queueOf(first, last) })]])),
        'time of a turn while 100 calls wait: the last ten / the first ten',
      );
    expect(judgedFor(50, 55)).toMatchObject({ limit: '0.8 to 1.25', status: 'met' });
    expect(judgedFor(50, 100)?.status).toBe('missed');
    expect(judgedFor(100, 50)?.status).toBe('missed');
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

  it.each([
    [{ value: 1, low: 0.9, high: 1.1 }, 'met'],
    [{ value: 1, low: 0.7, high: 1.1 }, 'met, barely'],
    [{ value: 0.7, low: 0.6, high: 1.5 }, 'missed, barely'],
    [{ value: 0.7, low: 0.6, high: 0.75 }, 'missed'],
  ])('of two limits: %o', (interval, status) => {
    expect(statusOf(interval, { atLeast: 0.8, atMost: 1.25 })).toBe(status);
  });
});
