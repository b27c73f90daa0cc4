import { expect, test } from 'vitest';
import { byMinute, marginMs, minuteMs, passTime, random, segmentsOf, World } from './ending-world.ts';

test.each(Array.from({ length: 5 }, (_, seed) => seed))(
  'whatever fails, each ending is in the log once, and each minute is complete when it is written (seed %i)',
  async (seed) => {
    const world = new World(seed);
    const chance = random(seed + 1_000);
    let reader = world.reader();
    for (let takeover = 0; takeover < 6; takeover++) {
      world.faults = takeover % 2 === 0 ? 0.1 : 0;
      // More calls than one list goes back for, and once more than one list has.
      if (takeover === 1) world.burst(1_200);
      if (takeover === 3 && seed === 0) world.burst(10_500);
      reader = await passTime(world, reader, (1 + 3 * chance()) * minuteMs);
      // The earlier reader may go on for a while beside the next one, or it is dead.
      const earlier = reader;
      if (chance() < 0.5) earlier.stop();
      reader = world.reader(chance() < 0.5 ? earlier.place() : undefined);
    }
    world.faults = 0;
    await passTime(world, reader, 3 * minuteMs);
    await world.stop();

    const segments = await segmentsOf(world);
    const found = segments.flatMap(({ endings }) => endings.map(({ runId }) => runId));
    expect(new Set(found).size).toBe(found.length);
    const old = world.calls.filter(({ ending }) => ending.endedAt < world.now - 2 * marginMs);
    const has = new Set(found);
    expect(old.filter(({ ending }) => !has.has(ending.runId))).toEqual([]);
    expect(old.length).toBeGreaterThan(300);
    // What a segment says to be complete is complete.
    const known = new Set<string>();
    for (const { until, endings } of segments) {
      for (const { runId } of endings) known.add(runId);
      const missing = world.calls.filter(({ ending }) => ending.endedAt <= until && !known.has(ending.runId));
      expect(missing).toEqual([]);
    }
    // The last minutes are not over yet.
    const over = Math.floor((segments.at(-1)?.until ?? 0) / minuteMs);
    const truth = byMinute(world.calls.map(({ ending }) => ending));
    for (const [minute, endings] of truth)
      if (minute < over) expect(world.minutes.get(minute)).toEqual(endings.map(({ runId }) => runId).sort());
  },
);
