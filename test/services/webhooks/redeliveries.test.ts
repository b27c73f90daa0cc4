/** Events that somebody has sent again. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Ending } from '../../../src/domain/ending.ts';
import { nameOfEvent } from '../../../src/services/webhooks/event-body.ts';
import { dayMs, DeliveryWorld, down, ends, webhook } from './delivery-world.ts';

let world: DeliveryWorld;
beforeEach(() => {
  world = new DeliveryWorld();
});

describe('redeliveries', () => {
  it('send one event again, with the same id', async () => {
    await world.append(['1', '2']);
    await world.deliver(await world.open());
    const [entry] = (await world.logged()).filter(({ about }) => about === '2');
    const again = await world.open();
    await again.add([{ id: 'job-3', kind: 'one', segment: entry?.segment ?? 0, index: entry?.index ?? 0 }]);
    await world.deliver(again);
    expect(world.got).toEqual(['1', '2', '2']);
    const ids = (await world.logged()).filter(({ about }) => about === '2').map(({ eventId }) => eventId);
    expect(new Set(ids).size).toBe(1);
  });

  it('send all events of a time again', async () => {
    const times: number[] = [];
    for (let call = 0; call < 300; call++) {
      world.now += 1_000;
      times.push(world.now);
      await world.append([String(call)]);
    }
    const delivery = await world.open();
    await world.deliver(delivery);
    world.got = [];
    await delivery.add([{ id: 'job-4', kind: 'range', from: times[100] ?? 0, to: times[249] ?? 0 }]);
    await world.deliver(delivery);
    expect(world.got.map(Number).toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: 150 }, (_, at) => at + 100),
    );
  });

  it('find the events of an outage, which are in a later segment', async () => {
    const from = world.now;
    world.now += 5 * 3_600_000;
    await world.append([{ call: '1', endedAt: from + 1_000 }], world.now);
    const delivery = await world.open();
    await world.deliver(delivery);
    await delivery.add([{ id: 'job-5', kind: 'range', from, to: from + 3_600_000 }]);
    await world.deliver(delivery);
    expect(world.got).toEqual(['1', '1']);
  });

  it('of what was parked take nothing that is parked meanwhile, so a receiver that refuses it gets it once', async () => {
    const { from } = await world.park(70);
    world.answers = down;
    const delivery = await world.open();
    await delivery.add([{ id: 'job-6', kind: 'parked', from, to: world.now + dayMs }]);
    for (let turn = 0; turn < 40; turn++) {
      await world.deliver(delivery);
      world.now += 3 * dayMs;
    }
    const { ranges, one } = await world.state();
    expect([ranges, one]).toEqual([[], []]);
    expect(await world.parkedNow()).toBe(70);
  });

  it('count each parked event once, though the process dies after they were written', async () => {
    const { from, to } = await world.park(3);
    expect(await world.parkedNow()).toBe(3);
    const dying = await world.open();
    await dying.add([{ id: 'job-7', kind: 'parked', from, to: from + 1 }]);
    await dying.round(webhook, ends);
    expect(await world.parkedNow()).toBe(1);
    const next = await world.open();
    await world.deliver(next);
    expect(await world.parkedNow()).toBe(1);
    await next.add([{ id: 'job-8', kind: 'parked', from, to }]);
    world.got = [];
    await world.deliver(next);
    expect(world.got).toEqual(['2']);
    expect(await world.parkedNow()).toBe(0);
  });

  it('name events as they were named before', () => {
    const one = { callId: 'c', runId: 'r', outcome: 'failed', endedAt: 7 } as Ending;
    expect(nameOfEvent(one)).toEqual(nameOfEvent({ ...one }));
    expect(nameOfEvent(one).eventId).toMatch(/^evt_[0-9a-f]{32}$/);
    expect(nameOfEvent({ ...one, runId: 'r2' }).eventId).not.toBe(nameOfEvent(one).eventId);
  });
});
