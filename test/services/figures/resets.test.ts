/** A call that somebody reset in Temporal counts once: its earlier ending leaves its minute. */
import { describe, expect, it } from 'vitest';
import { at, callsIn, endedAt, failingAt, filesOf, newStore, read, writerOf } from './support.ts';

const earlier = endedAt('08:05:10', {
  outcome: 'failed',
  errorType: 'timeout',
  attempts: [{ agent: 'gone', errorType: 'timeout', tries: 2, latencyMs: 50 }],
});
const other = endedAt('08:05:20');
const by = endedAt('10:10:00', { resetFrom: earlier.runId });

describe('an ending that a reset replaced', () => {
  it('leaves its minute while that is open, in whatever order both are told', async () => {
    for (const order of ['added first', 'replaced first']) {
      const { store } = await newStore();
      const writer = writerOf(store);
      writer.add(other);
      if (order === 'added first') writer.add(earlier);
      await writer.replace(earlier, by);
      writer.add(earlier);
      await writer.replace(earlier, by);
      await writer.closeUntil(at('11:00:00'));
      expect(await callsIn(store), order).toEqual({ '08:05': 1, '10:10': 1 });
    }
  });

  it.each(['08:30:00', '09:30:00'])('leaves its minute once, written by %s', async (closed) => {
    const { store } = await newStore();
    const writer = writerOf(store);
    for (const one of [earlier, other]) writer.add(one);
    await writer.closeUntil(at(closed));
    await writer.replace(earlier, by);
    await writer.replace(earlier, by);
    await writerOf(store).replace(earlier, by);
    await writer.closeUntil(at('11:00:00'));
    expect(await callsIn(store)).toEqual({ '08:05': 1, '10:10': 1 });
    expect(await callsIn(store, { step: 'hour' })).toEqual({ '08:00': 1, '10:00': 1 });
    const { total } = await read(store, { step: 'day' });
    expect([...total.calls]).toEqual([['completed', 2]]);
    expect([...total.agents.keys()]).toEqual(['a']);
  });

  it('stays out when its minute is written again with it', async () => {
    const { store } = await newStore();
    const writer = writerOf(store);
    for (const one of [earlier, other]) writer.add(one);
    await writer.closeUntil(at('09:30:00'));
    await writer.replace(earlier, by);
    for (let times = 1; times <= 2; times++) {
      const next = writerOf(store);
      for (const one of [earlier, other]) next.add(one);
      await next.closeUntil(at('09:30:00'));
      expect(await callsIn(store)).toEqual({ '08:05': 1 });
    }
  });

  it('leaves its minute, hour and day if the writer is killed in between, once another one repeats it', async () => {
    const results = [];
    for (let fails = 1; fails <= 5; fails++) {
      const { store, path } = await newStore();
      const writer = writerOf(store);
      for (const one of [earlier, other]) writer.add(one);
      await writer.closeUntil(at('09:30:00'));
      await writerOf(failingAt(fails, store))
        .replace(earlier, by)
        .catch(() => undefined);
      await writerOf(store).replace(earlier, by);
      results.push(await filesOf(store, path));
      expect(await callsIn(store, { step: 'hour' })).toEqual({ '08:00': 1 });
    }
    for (const files of results) expect(files).toEqual(results[0]);
  });

  it('leaves its minute beside others, the same whichever was told first', async () => {
    const results = [];
    for (const order of [
      [earlier, other],
      [other, earlier],
    ]) {
      const { store, path } = await newStore();
      const writer = writerOf(store);
      for (const one of [earlier, other, endedAt('08:05:30', { runId: 'third' })]) writer.add(one);
      await writer.closeUntil(at('09:30:00'));
      for (const one of order) await writer.replace(one, by);
      expect(await callsIn(store)).toEqual({ '08:05': 1 });
      results.push(await filesOf(store, path));
    }
    expect(results[0]).toEqual(results[1]);
  });

  it('is no matter if its minute has no figures any more', async () => {
    const { store } = await newStore();
    const writer = writerOf(store);
    await writer.closeUntil(at('09:30:00'));
    await writer.replace(earlier, by);
    await writer.closeUntil(at('11:00:00'));
    expect(await callsIn(store)).toEqual({ '10:10': 1 });
  });
});
