import { describe, expect, it } from 'vitest';
import type { Round } from '../../bench/figures.ts';
import type { Phase } from '../../bench/lanes.ts';
import { measure } from '../../bench/rounds.ts';
import type { RowName } from '../../bench/row-names.ts';
import type { Subject } from '../../bench/subject.ts';
import { queueOf } from './support.ts';

const plan = { calls: 4, rounds: 1, concurrency: [16] };

describe('a run in rounds', () => {
  it('alternates the sequential calls of a group, and measures each row in its own way', async () => {
    const log: string[] = [];
    const subject = (name: RowName, more: Partial<Subject> = {}): Subject => ({
      name,
      processes: { node: [], server: [] },
      run(count, parallel): Promise<Phase> {
        log.push(`${name} ${count} at ${parallel}`);
        return Promise.resolve({ durationsMs: Array<number>(count).fill(1), elapsedMs: count });
      },
      warmUp: () => Promise.resolve(),
      ...more,
    });
    const own: Round = {
      sequential: { durationsMs: [], elapsedMs: 0 },
      concurrent: [],
      usage: {},
      queue: queueOf(1, 1),
    };
    const groups = [
      [subject('describe'), subject('session-read')],
      [subject('session-hot', { onlyConcurrent: true })],
      [subject('session-queue', { ownRound: () => Promise.resolve(own) })],
    ];
    const failures: string[] = [];
    const rows = await measure(
      groups.map((some) => some.map((one) => [one.name, one] as const)),
      plan,
      () => undefined,
      failures,
    );

    expect(failures).toEqual([]);
    const alternating = ['describe 1 at 1', 'session-read 1 at 1'];
    expect(log).toEqual([
      ...[...alternating, ...alternating, ...alternating, ...alternating],
      'describe 48 at 16',
      'session-read 48 at 16',
      'session-hot 48 at 16',
    ]);
    expect(rows.get('session-read')?.rounds[0]?.sequential.durationsMs).toHaveLength(4);
    expect(rows.get('session-hot')?.rounds[0]?.sequential.durationsMs).toEqual([]);
    expect(rows.get('session-queue')?.rounds).toEqual([own]);
  });
});
