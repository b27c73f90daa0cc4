import { describe, expect, it } from 'vitest';
import { report } from '../../bench/report.ts';
import { costsTable, forMarkdown, ratiosTable, short, timesTable, verdictTable } from '../../bench/tables.ts';
import { withFigures } from '../../bench/write-docs.ts';
import { queueOf, rowOf } from './support.ts';

const machine = { node: 'v20', cores: 2, cpu: 'test', loadBefore: 0 };
const run = report(
  new Map([
    ['floor', rowOf([10, 10], { counts: { events: 11, workflowTasks: 2 } })],
    [
      'session',
      rowOf([15, 15], { counts: { events: 12, workflowTasks: 2, sessionEvents: 9, sessionTasks: 1 } }),
    ],
  ]),
  { calls: 6, rounds: 2, concurrency: [16] },
  machine,
);

describe('the tables of a run', () => {
  it('tell times in sequence and at each level', () => {
    const { head, rows } = timesTable(run);
    expect(head).toEqual(['p50 / p95 / p99, ms', 'in sequence', 'at 16', 'calls/s at 16']);
    expect(rows[0]?.slice(1)).toEqual(['10 / 11 / 11', '20 / 20 / 20', '400']);
  });

  it('leave the cells empty that a row is not measured for', () => {
    const queue = report(
      new Map([['session-queue', rowOf([7], { concurrent: [], queue: queueOf(1, 1) })]]),
      { calls: 1, rounds: 1, concurrency: [16] },
      machine,
    );
    expect(timesTable(queue).rows[0]?.slice(1)).toEqual(['7 / 7.7 / 7.7', '-', '-']);
    // A cost of a queue is one per turn.
    expect(costsTable(queue).rows[0]?.slice(1, 3)).toEqual(['0.28', '0.56']);
  });

  it('tell what one call costs', () => {
    const { rows } = costsTable(run);
    expect(rows[1]?.slice(1)).toEqual([
      '15',
      '30',
      '1',
      '12 + 9 of the session',
      '2 + 1 of the session',
      '-',
    ]);
  });

  it('tell ratios and the verdict with their intervals', () => {
    expect(ratiosTable(run).rows).toContainEqual([
      'call in a session / bare eager activity (the floor)',
      '1.50',
      expect.stringContaining(' to '),
    ]);
    expect(verdictTable(run).rows.find(([what]) => what?.startsWith('p50: call in a session'))?.[1]).toBe(
      '<= 1.75',
    );
  });

  it('become Markdown', () => {
    expect(forMarkdown({ head: ['a', 'b'], rows: [['1', '2']] })).toBe('| a | b |\n| --- | --- |\n| 1 | 2 |');
  });

  it('round to what can be read', () => {
    expect([0.1234, 12.34, 123.4, 7, undefined, Number.NaN].map(short)).toEqual([
      '0.12',
      '12.3',
      '123',
      '7',
      '-',
      '-',
    ]);
  });
});

describe('figures in the docs', () => {
  const text = 'before\n<!-- bench: run -->\nold\n<!-- end -->\nafter\n';

  it('replace what is between their markers', () => {
    expect(withFigures(text, 'run', 'new $1')).toBe(
      'before\n<!-- bench: run -->\n\nnew $1\n\n<!-- end -->\nafter\n',
    );
  });

  it('need their place', () => {
    expect(() => withFigures(text, 'growth', 'new')).toThrow('no place for figures called growth');
  });
});
