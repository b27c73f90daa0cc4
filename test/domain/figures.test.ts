import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ending } from '../../src/domain/ending.ts';
import { IntervalFigures, type FiguresRow } from '../../src/domain/figures.ts';
import { FiguresSum, selectRows, type FiguresFilter } from '../../src/domain/figures-summary.ts';
import { anyEnding, ending } from './ending-support.ts';

const endings = fc.array(anyEnding, { maxLength: 40 });

function rowsOf(all: readonly Ending[]): FiguresRow[] {
  const figures = new IntervalFigures();
  for (const one of all) figures.add(one);
  return figures.rows();
}

function summary(all: readonly Ending[], filter: FiguresFilter = { project: '*' }) {
  const sum = new FiguresSum({ eachAgent: true });
  sum.add(selectRows(rowsOf(all), filter));
  return sum.summary();
}

describe('figures', () => {
  it('of parts add up to those of the whole, in any order', () => {
    fc.assert(
      fc.property(fc.array(endings, { maxLength: 4 }), (parts) => {
        const text = JSON.stringify(rowsOf(parts.flat()));
        for (const order of [parts, parts.toReversed()]) {
          const sum = new IntervalFigures();
          for (const part of order) sum.addRows(rowsOf(part));
          expect(JSON.stringify(sum.rows())).toBe(text);
        }
      }),
    );
  });

  it('are as before when endings are taken out again, one by one or as stored', () => {
    fc.assert(
      fc.property(endings, endings, (kept, gone) => {
        const before = JSON.stringify(rowsOf(kept));
        const one = new IntervalFigures();
        for (const each of [...gone, ...kept]) one.add(each);
        for (const each of gone) one.add(each, -1);
        expect(JSON.stringify(one.rows())).toBe(before);
        const other = new IntervalFigures();
        other.addRows(rowsOf(gone), -1);
        other.addRows(rowsOf([...gone, ...kept]));
        expect(JSON.stringify(other.rows())).toBe(before);
      }),
    );
  });

  it('count a call under the agent that it named, and attempts under those that were asked', () => {
    const { calls, errors, failovers, agents } = summary([
      ending(),
      ending({
        answeredBy: 'b',
        attempts: [
          { agent: 'a', errorType: 'timeout', tries: 3, latencyMs: 50 },
          { agent: 'b', tries: 1, latencyMs: 30 },
        ],
      }),
    ]);
    expect([...calls]).toEqual([['completed', 2]]);
    expect(errors.size).toBe(0);
    expect(failovers).toEqual([{ asked: 'a', answered: 'b', calls: 1 }]);
    expect([...(agents.get('a')?.calls ?? [])]).toEqual([['completed', 2]]);
    expect(agents.get('a')).toMatchObject({ tries: 4, latency: { count: 2 } });
    expect([...(agents.get('a')?.attempts ?? [])]).toEqual([
      ['answered', 1],
      ['timeout', 1],
    ]);
    expect(agents.get('b')).toMatchObject({ tries: 1, latency: { count: 1 } });
    expect(agents.get('b')?.calls.size).toBe(0);
  });

  it('have no latency of a paused agent that was passed over, and that of its tries before the pause', () => {
    const paused = { agent: 'a', errorType: 'agent_paused' } as const;
    const { agents } = summary([
      ending({ attempts: [{ ...paused, tries: 0, latencyMs: 0 }] }),
      ending({ attempts: [{ ...paused, tries: 1, latencyMs: 40 }] }),
    ]);
    expect([...(agents.get('a')?.attempts ?? [])]).toEqual([['agent_paused', 2]]);
    expect(agents.get('a')).toMatchObject({ tries: 1, latency: { count: 1 } });
  });

  it('count failed calls by error type; cancelled ones are no errors', () => {
    const noAnswer = { answeredBy: undefined as never, attempts: [] };
    const { calls, errors } = summary([
      ending({ ...noAnswer, outcome: 'failed', errorType: 'deadline_exceeded' }),
      ending({ ...noAnswer, outcome: 'failed' }),
      ending({ ...noAnswer, outcome: 'cancelled', errorType: 'cancelled' }),
    ]);
    expect(Object.fromEntries(calls)).toEqual({ failed: 2, cancelled: 1 });
    expect(Object.fromEntries(errors)).toEqual({ deadline_exceeded: 1, internal: 1 });
  });

  it('split the duration of a call into wait, agents and overhead, which is never negative', () => {
    const endedAt = 1_000;
    const attempts = [
      { agent: 'a', errorType: 'timeout' as const, tries: 1, latencyMs: 300 },
      { agent: 'b', tries: 1, latencyMs: 200 },
    ];
    const one = summary([ending({ startedAt: 0, endedAt, queuedMs: 480, attempts })]);
    expect(one.duration.p50).toBeCloseTo(1_000, -1);
    expect(one.queued.p50).toBeCloseTo(480, -1);
    expect(Math.abs((one.overhead.p50 ?? 0) - 20)).toBeLessThanOrEqual(0.2);
    expect(summary([ending({ startedAt: 0, endedAt, queuedMs: 900, attempts })]).overhead.p99).toBe(0);
  });

  it('are those of one project or of all', () => {
    fc.assert(
      fc.property(endings, (all) => {
        const ofCrm = all.filter(({ callId }) => callId.startsWith('crm.'));
        expect(summary(all, { project: 'crm' })).toEqual(summary(ofCrm));
      }),
    );
  });

  it('of one agent have the failovers to and from it, and no other agent', () => {
    const calls = [
      ending({ agent: 'a', answeredBy: 'b', attempts: [{ agent: 'b', tries: 1, latencyMs: 5 }] }),
      ending({ agent: 'b', answeredBy: 'c', attempts: [{ agent: 'c', tries: 1, latencyMs: 5 }] }),
      ending({ agent: 'c', answeredBy: 'a', attempts: [{ agent: 'a', tries: 1, latencyMs: 5 }] }),
      ending({ agent: 'c', answeredBy: 'c', attempts: [] }),
      ending({ agent: 'd', answeredBy: 'd', attempts: [] }),
    ];
    const ofB = summary(calls, { project: '*', agent: 'b' });
    expect(ofB.failovers).toEqual([
      { asked: 'a', answered: 'b', calls: 1 },
      { asked: 'b', answered: 'c', calls: 1 },
    ]);
    expect([...ofB.agents.keys()]).toEqual(['b']);
    expect([...ofB.calls]).toEqual([['completed', 1]]);
    expect(ofB.latency.count).toBe(1);
  });

  it('of nothing are empty', () => {
    expect(summary([])).toMatchObject({ failovers: [], latency: { count: 0, p50: undefined } });
  });
});
