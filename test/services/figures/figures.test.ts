/** Reading figures: every step gives the same counts, percentiles are merged, and old days go. */
import fc from 'fast-check';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../../src/domain/failures.ts';
import { percentile } from '../../../src/domain/percentile.ts';
import { steps, stepMs, type Step } from '../../../src/domain/figures-step.ts';
import { PayloadStoreError } from '../../../src/payloads/payload-store.ts';
import { sweepFigures } from '../../../src/services/archive/payload-sweep.ts';
import { FigureFiles } from '../../../src/services/figures/figure-files.ts';
import { Figures } from '../../../src/services/figures/figures.ts';
import { anyEnding } from '../../domain/ending-support.ts';
import { at, callsIn, endedAt, newStore, read, writerOf } from './support.ts';

describe('figures of a range', () => {
  it('are the same in total by minute, hour and day, wherever the writer is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEnding, { maxLength: 30 }),
        fc.integer({ min: 0, max: 240 }),
        async (endings, closedMinutes) => {
          const { store } = await newStore();
          const writer = writerOf(store);
          for (const one of endings) writer.add(one);
          const until = at('08:00:00') + closedMinutes * stepMs.minute;
          await writer.closeUntil(until);
          const closed = endings.filter((one) => one.endedAt < until);
          const answers = new Map<Step, Awaited<ReturnType<typeof read>>>();
          for (const step of steps)
            answers.set(step, await read(store, { step, from: at('00:00:00'), to: at('24:00:00') }));
          for (const { total, intervals } of answers.values()) {
            expect(total).toEqual(answers.get('minute')?.total);
            expect(intervals.reduce((sum, { figures }) => sum + figures.duration.count, 0)).toBe(
              closed.length,
            );
          }
          const overhead = percentile(closed.map(overheadOf), 95) ?? 0;
          const found = answers.get('day')?.total.overhead.p95 ?? 0;
          expect(Math.abs(found - overhead)).toBeLessThanOrEqual(overhead * 0.01 + 0.002);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('have an interval for every step up to the newest closed minute, also without calls', async () => {
    const { store } = await newStore();
    const writer = writerOf(store);
    writer.add(endedAt('08:05:10'));
    await writer.closeUntil(at('10:30:00'));
    const { from, to, completeUntil, intervals } = await read(store, {
      step: 'hour',
      from: at('08:20:00'),
      to: at('10:50:00'),
    });
    expect({ from, to, completeUntil }).toEqual({
      from: at('08:00:00'),
      to: at('11:00:00'),
      completeUntil: at('10:30:00'),
    });
    expect(intervals.map((one) => one.from)).toEqual([at('08:00:00'), at('09:00:00'), at('10:00:00')]);
    expect(intervals.map(({ figures }) => figures.duration.count)).toEqual([1, 0, 0]);
  });

  it('begin and end where they are asked to', async () => {
    const { store } = await newStore();
    const writer = writerOf(store);
    for (const time of ['07:59:59', '08:00:00', '08:59:59', '09:00:00']) writer.add(endedAt(time));
    await writer.closeUntil(at('11:00:00'));
    const range = { from: at('08:00:00'), to: at('09:00:00') };
    expect(await callsIn(store, range)).toEqual({ '08:00': 1, '08:59': 1 });
    expect(await callsIn(store, { ...range, step: 'hour' })).toEqual({ '08:00': 2 });
  });

  it('miss what a damaged file had, whose key is reported', async () => {
    const { store, path } = await newStore();
    const writer = writerOf(store);
    for (const time of ['08:05:00', '09:05:00']) writer.add(endedAt(time));
    await writer.closeUntil(at('11:00:00'));
    await writeFile(join(path, 'figures/2026-11-30/08.gz'), 'no gzip');
    const damaged: string[] = [];
    const figures = new Figures(new FigureFiles(store, (key) => damaged.push(key)));
    const { total } = await figures.between({
      from: at('08:00:00'),
      to: at('11:00:00'),
      step: 'minute',
      project: '*',
      agentsByInterval: false,
    });
    expect(total.duration.count).toBe(1);
    expect(damaged).toEqual(['figures/2026-11-30/08.gz']);
    await writeFile(join(path, 'figures/closed-until'), 'no time');
    expect((await read(store)).completeUntil).toBeUndefined();
  });

  it('are refused if they have too many agents for their intervals, and say what to ask for', async () => {
    const { store } = await newStore();
    const rows = Array.from({ length: 1_700 }, (_, number) => ({
      project: 'default',
      agent: `a${number}`,
      calls: { completed: 1 },
    }));
    const files = new FigureFiles(store);
    for (let minute = 0; minute < 30; minute++)
      await files.writeMinute({ at: at('08:00:00') + minute * stepMs.minute, rows });
    await writerOf(store).closeUntil(at('08:30:00'));
    await expect(read(store)).rejects.toThrow(
      /agents: more than 50000 .* ask for one agent or a longer step/,
    );
    expect((await read(store, { agentsByInterval: false })).total.agents.size).toBe(1_700);
  });

  it('are refused while the store does not answer', async () => {
    const { store } = await newStore();
    const away = { ...store, read: () => Promise.reject(new PayloadStoreError('away')) };
    await expect(read(away)).rejects.toThrow(Refusal);
  });

  it('go with their day when it is older than the setting says', async () => {
    const { store } = await newStore();
    const writer = writerOf(store);
    writer.add(endedAt('08:05:00'));
    await writer.closeUntil(at('11:00:00'));
    const files = new FigureFiles(store);
    const after = (days: number) => Date.parse('2026-12-01T00:00:00Z') + days * stepMs.day;
    expect(await sweepFigures(files, after(90) - 1, 90)).toBe(0);
    expect(await callsIn(store)).toEqual({ '08:05': 1 });
    expect(await sweepFigures(files, after(90), 90)).toBe(1);
    expect(await callsIn(store)).toEqual({});
    expect(await sweepFigures(files, after(91), 90)).toBe(0);
  });
});

function overheadOf({ startedAt, endedAt: ended, queuedMs, attempts }: ReturnType<typeof endedAt>): number {
  return Math.max(0, ended - startedAt - queuedMs - attempts.reduce((sum, one) => sum + one.latencyMs, 0));
}
