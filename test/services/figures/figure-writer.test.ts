/** The files of figures: what is written when, and that a writer that is killed anywhere loses and doubles nothing. */
import { describe, expect, it } from 'vitest';
import type { Ending } from '../../../src/domain/ending.ts';
import { PayloadStoreError } from '../../../src/payloads/payload-store.ts';
import type { FigureWriter } from '../../../src/services/figures/figure-writer.ts';
import { at, callsIn, endedAt, failingAt, filesOf, newStore, read, writerOf } from './support.ts';

const keysOf = async ({ store, path }: Awaited<ReturnType<typeof newStore>>) =>
  Object.keys(await filesOf(store, path)).map((key) => key.replace('figures/2026-11-30/', ''));

function addAll(writer: FigureWriter, endings: readonly Ending[]): void {
  for (const one of endings) writer.add(one);
}

describe('the writer of figures', () => {
  it('writes a minute once it is over, and folds an hour once that is over', async () => {
    const place = await newStore();
    const writer = writerOf(place.store);
    addAll(writer, [endedAt('08:05:10'), endedAt('08:05:20'), endedAt('08:07:00'), endedAt('09:00:30')]);
    await writer.closeUntil(at('08:05:59.999'));
    expect(await keysOf(place)).toEqual(['figures/closed-until']);
    await writer.closeUntil(at('08:06:30'));
    expect(await keysOf(place)).toEqual(['08/05.gz', 'figures/closed-until']);
    expect(await callsIn(place.store)).toEqual({ '08:05': 2 });
    await writer.closeUntil(at('09:01:00'));
    expect(await keysOf(place)).toEqual(['08.gz', '09/00.gz', 'day.gz', 'figures/closed-until']);
    expect(await callsIn(place.store)).toEqual({ '08:05': 2, '08:07': 1, '09:00': 1 });
  });

  it('counts a run once, however often it is added', async () => {
    const { store } = await newStore();
    const writer = writerOf(store);
    const one = endedAt('08:05:10');
    addAll(writer, [one, one, endedAt('08:05:11')]);
    await writer.closeUntil(at('08:06:00'));
    expect(await callsIn(store)).toEqual({ '08:05': 2 });
  });

  it('says until when it is complete, also while nothing ends, and does nothing before a minute is over', async () => {
    const { store } = await newStore();
    expect((await read(store)).completeUntil).toBeUndefined();
    const writer = writerOf(store);
    await writer.closeUntil(at('08:30:10'));
    expect((await read(store)).completeUntil).toBe(at('08:30:00'));
    await writer.closeUntil(at('08:30:50'));
    await writer.closeUntil(at('08:20:00'));
    expect((await read(store)).completeUntil).toBe(at('08:30:00'));
  });

  it('goes on where it was when the store failed', async () => {
    for (let fails = 1; fails <= 6; fails++) {
      const failing = failingAt(fails, (await newStore()).store);
      const writer = writerOf(failing);
      addAll(writer, [endedAt('08:05:10'), endedAt('08:07:10')]);
      await expect(writer.closeUntil(at('09:30:00'))).rejects.toThrow(PayloadStoreError);
      failing.repair();
      await writer.closeUntil(at('09:30:00'));
      expect(await callsIn(failing, { step: 'hour' }), `failed at ${fails}`).toEqual({ '08:00': 2 });
    }
  });

  // The next writer gets what the last `closeUntil` that was done did not close, or more than that.
  it.each([1, 2])(
    'leaves the same files when it is killed before any of its changes and another one repeats the last %i steps',
    async (repeated) => {
      const endings = [
        endedAt('08:05:10'),
        endedAt('08:59:59'),
        endedAt('09:00:00', { callId: 'crm.call', agent: 'b' }),
        endedAt('09:30:00'),
        endedAt('10:10:00'),
      ];
      const steps = ['08:40:00', '09:10:00', '10:00:00', '10:30:00', '11:00:00', '11:20:00'];
      const undisturbed = await newStore();
      const whole = writerOf(undisturbed.store);
      addAll(whole, endings);
      for (const step of steps) await whole.closeUntil(at(step));
      const wanted = await filesOf(undisturbed.store, undisturbed.path);
      expect(await keysOf(undisturbed)).toEqual([
        '08.gz',
        '09.gz',
        '10.gz',
        'day.gz',
        'figures/closed-until',
      ]);

      let kills = 0;
      for (let fails = 1, survived = false; !survived; fails++) {
        const place = await newStore();
        const killed = writerOf(failingAt(fails, place.store));
        let done = 0;
        addAll(killed, endings);
        try {
          for (const step of steps) {
            await killed.closeUntil(at(step));
            done += 1;
          }
          survived = true;
        } catch {
          kills += 1;
          const from = at(steps[done - repeated] ?? '08:00:00');
          const next = writerOf(place.store);
          addAll(next, endings.filter((one) => one.endedAt >= from).reverse());
          for (const step of steps.slice(Math.max(0, done - repeated + 1))) await next.closeUntil(at(step));
        }
        expect(await filesOf(place.store, place.path), `killed at ${fails}`).toEqual(wanted);
      }
      expect(kills).toBeGreaterThan(10);
    },
  );

  it('replaces a minute that is written again, also after its hour was folded', async () => {
    const place = await newStore();
    const { store } = place;
    const first = writerOf(store);
    addAll(first, [endedAt('08:05:10'), endedAt('08:06:10')]);
    await first.closeUntil(at('09:30:00'));
    const second = writerOf(store);
    addAll(second, [endedAt('08:05:10'), endedAt('08:05:20'), endedAt('08:05:30')]);
    await second.closeUntil(at('08:30:00'));
    expect(await callsIn(store)).toEqual({ '08:05': 3, '08:06': 1 });
    expect(await callsIn(store, { step: 'hour' })).toEqual({ '08:00': 4 });
    expect(await keysOf(place)).toEqual(['08.gz', 'day.gz', 'figures/closed-until']);
  });
});
