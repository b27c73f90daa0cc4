/** Ended batches and changes of agents' statuses are in the log of endings once each. */
import { describe, expect, it } from 'vitest';
import type { AgentStateChanged, FeedEvent } from '../../src/domain/feed-event.ts';
import { maxStateChanges } from '../../src/domain/state-changes.ts';
import { marginMs, minuteMs, passTime, random, segmentsOf, World } from './ending-world.ts';

const seeds = Array.from({ length: 5 }, (_, seed) => seed);

async function eventsOf(world: World): Promise<FeedEvent[]> {
  return (await segmentsOf(world)).flatMap(({ events = [] }) => events);
}

async function changesOf(world: World): Promise<AgentStateChanged[]> {
  return (await eventsOf(world)).filter((event) => event.type === 'agent.state_changed');
}

describe('the log of endings', () => {
  it.each(seeds)(
    'has each batch and each change once, whatever fails and whoever takes over (seed %i)',
    async (seed) => {
      const world = new World(seed);
      const chance = random(seed + 2_000);
      const began = world.now;
      let reader = await passTime(world, world.reader(), minuteMs);
      for (let takeover = 0; takeover < 6; takeover++) {
        world.faults = takeover % 2 === 0 ? 0.1 : 0;
        reader = await passTime(world, reader, (1 + 2 * chance()) * minuteMs);
        if (takeover === 3) {
          // What a life has counted and nobody has read is lost with it.
          world.restless = 0;
          reader = await passTime(world, reader, minuteMs);
          world.loseStatuses();
          world.restless = 0.1;
        }
        const earlier = reader;
        if (chance() < 0.5) earlier.stop();
        reader = world.reader(chance() < 0.5 ? earlier.place() : undefined);
      }
      world.faults = 0;
      await passTime(world, reader, 2 * minuteMs);
      await world.stop();

      const found = await changesOf(world);
      const old = world.now - 30_000;
      const truth = world.series.flatMap((one, index) =>
        one.after(0).map((change) => ({ ...change, series: `life-${index + 1}` })),
      );
      expect(truth.length).toBeGreaterThan(100);
      expect(found.filter(({ at }) => at < old)).toEqual(
        truth
          .filter(({ at }) => at > began && at < old)
          .map((one) => expect.objectContaining(one) as unknown),
      );
      const batches = (await eventsOf(world)).filter(({ type }) => type === 'batch.ended');
      const ended = world.batches.map(({ batch }) => batch);
      expect(ended.length).toBeGreaterThan(10);
      const known = (batch: { runId: string }) => batch.runId;
      expect(new Set(batches.map((one) => JSON.stringify(one))).size).toBe(batches.length);
      const runs = batches.map((one) => (one.type === 'batch.ended' ? one.runId : ''));
      const closed = ended.filter(({ endedAt }) => endedAt < world.now - 2 * marginMs).map(known);
      expect(closed.filter((runId) => !runs.includes(runId))).toEqual([]);
    },
  );

  it('has no change from before somebody wanted them, and those from then on', async () => {
    const world = new World(7);
    world.wanted = false;
    let reader = await passTime(world, world.reader(), 3 * minuteMs);
    expect(await changesOf(world)).toEqual([]);
    world.wanted = true;
    const wantedAt = world.now;
    reader = await passTime(world, reader, 2 * minuteMs);
    world.wanted = false;
    const unwantedAt = world.now;
    reader = await passTime(world, reader, 2 * minuteMs);
    world.wanted = true;
    const againAt = world.now;
    // Also if the log alone says how far the reader before has come.
    reader.stop();
    await passTime(world, world.reader(), 2 * minuteMs);
    await world.stop();

    const all = world.series[0]?.after(0) ?? [];
    const found = new Set((await changesOf(world)).map(({ sequence }) => sequence));
    const within = (from: number, to: number) => all.filter(({ at }) => at > from && at <= to);
    const lateMs = 20_000;
    const wanted = [
      ...within(wantedAt, unwantedAt - lateMs),
      ...within(againAt + lateMs, world.now - lateMs),
    ];
    expect(wanted.length).toBeGreaterThan(20);
    expect(wanted.filter(({ sequence }) => !found.has(sequence))).toEqual([]);
    const unwanted = [...within(0, wantedAt - lateMs), ...within(unwantedAt + lateMs, againAt - lateMs)];
    expect(unwanted.filter(({ sequence }) => found.has(sequence))).toEqual([]);
  });

  it('says how many changes came too fast to be read', async () => {
    const errors: unknown[] = [];
    const world = new World(8, (error) => errors.push(error));
    const reader = await passTime(world, world.reader(), minuteMs);
    const before = (await changesOf(world)).length;
    for (let change = 0; change < 1_500; change++) world.changeStatus();
    await passTime(world, reader, minuteMs);
    await world.stop();
    expect((await changesOf(world)).length).toBeGreaterThan(before + maxStateChanges - 1);
    expect(errors.map(String)).toEqual([
      expect.stringMatching(/^Error: \d+ changes of agents' statuses came too fast to be read$/),
    ]);
  });

  it('has endings and batches also while nobody answers which statuses have changed', async () => {
    const world = new World(9);
    world.answersStatuses = false;
    let reader = await passTime(world, world.reader(), 3 * minuteMs);
    expect(await changesOf(world)).toEqual([]);
    const old = world.calls.filter(({ ending }) => ending.endedAt < world.now - 2 * marginMs);
    const has = new Set(
      (await segmentsOf(world)).flatMap(({ endings }) => endings.map(({ runId }) => runId)),
    );
    expect(old.length).toBeGreaterThan(50);
    expect(old.filter(({ ending }) => !has.has(ending.runId))).toEqual([]);
    expect((await eventsOf(world)).length).toBeGreaterThan(0);

    world.answersStatuses = true;
    reader = await passTime(world, reader, minuteMs);
    reader.stop();
    await world.stop();
    // None of those in between is lost.
    const [first] = world.series[0]?.after(0) ?? [];
    expect((await changesOf(world)).map(({ sequence }) => sequence)[0]).toBe(first?.sequence);
  });
});
