/** What one look into the log of endings finds for a webhook. */
import { beforeEach, describe, expect, it } from 'vitest';
import { newDeliveries } from '../../../src/domain/delivery-state.ts';
import { EventLog, type FoundEvent } from '../../../src/services/webhooks/event-log.ts';
import { DeliveryWorld } from './delivery-world.ts';

let world: DeliveryWorld;
let log: EventLog;
beforeEach(() => {
  world = new DeliveryWorld();
  log = new EventLog(world.log, 'wh1', () => world.now);
});

it('a look of an ordered webhook reads no more than 500 segments that have nothing for it', async () => {
  for (let segment = 0; segment < 1_200; segment++) await world.append(['1'], world.now, ['wh2']);
  const { place, found, isAtEnd } = await log.nextInOrder(newDeliveries(1).place, 64, 60_000);
  expect([found, isAtEnd, place.segment]).toEqual([[], false, 501]);
});

it('a look of an unordered one neither', async () => {
  for (let segment = 0; segment < 600; segment++) await world.append(['1'], world.now, ['wh2']);
  const { place, isAtEnd } = await log.next(newDeliveries(1).place, 64);
  expect([isAtEnd, place.segment]).toEqual([false, 501]);
});

it.each([true, false])(
  'of a log that has begun anew nothing counts as seen, ordered: %s',
  async (isOrdered) => {
    await world.append([{ call: 's/1', endedAt: world.now - 1_000 }]);
    await world.append([{ call: 's/2', endedAt: world.now }]);
    const place = { segment: 9_001, index: 0, settledUntil: world.now, seen: 9_000 };
    const taken = isOrdered ? await log.nextInOrder(place, 64, 60_000) : await log.next(place, 64);
    expect(taken.found.map(({ segment }) => segment)).toEqual([1, 2]);
    expect(taken.place).toMatchObject({ segment: 3, seen: isOrdered ? 2 : 0 });
  },
);

describe('a segment that somebody has removed', () => {
  beforeEach(async () => {
    for (let call = 0; call < 40; call++) {
      await world.append([String(call)]);
      world.now += 1_000;
    }
    for (const lost of [11, 12, 30])
      await world.store.deleteAll(`endings/log/000000000000/0000000000${lost}`);
  });
  const callsIn = (found: readonly FoundEvent[]): number[] => found.map(({ segment }) => segment - 1);
  const kept = Array.from({ length: 40 }, (_, call) => call).filter((call) => ![10, 11, 29].includes(call));

  it.each([true, false])('is no end of the log, and is named, ordered: %s', async (isOrdered) => {
    world.now += 120_000;
    const { place } = newDeliveries(1);
    const taken = isOrdered ? await log.nextInOrder(place, 64, 60_000) : await log.next(place, 64);
    expect([callsIn(taken.found), taken.isAtEnd]).toEqual([kept, true]);
    expect(new Set(world.damaged).size).toBe(3);
    expect(callsIn((await log.next({ ...place, segment: 12 }, 64)).found)[0]).toBe(12);
  });

  it('does not end a redelivery', async () => {
    world.now += 120_000;
    const from = world.now - 160_000;
    const segment = await world.log.firstSince(from);
    expect(segment).toBe(1);
    const { found, isOver } = await log.range({ segment, index: 0 }, from, world.now, 64);
    expect([callsIn(found), isOver]).toEqual([kept, true]);
    for (const call of kept) expect(await world.log.firstSince(from + 1_000 * call + 5_000)).toBe(call + 1);
  });

  it('is waited for if those after it are new: a network share may show them first', async () => {
    const { found } = await log.next(newDeliveries(1).place, 64);
    expect(callsIn(found)).toEqual(kept.slice(0, 10));
  });
});
