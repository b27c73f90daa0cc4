/** Events whose call cannot be read when they are to be sent. */
import { beforeEach, describe, expect, it } from 'vitest';
import { DeliveryWorld, down, ends, up, webhook } from './delivery-world.ts';

let world: DeliveryWorld;
beforeEach(() => {
  world = new DeliveryWorld();
});

describe('an event that cannot be read', () => {
  it('waits, is tried again, and keeps no other back', async () => {
    world.unreadable.add('1');
    await world.append(['1', '2']);
    const delivery = await world.open();
    await world.deliver(delivery);
    expect(world.got).toEqual(['2']);
    expect(await world.files.readState('wh1')).toMatchObject({ failures: 0, waiting: [{ tries: 1 }] });
    world.unreadable.clear();
    world.now += 6_000;
    await world.deliver(delivery);
    expect(world.got).toEqual(['2', '1']);
  });

  it('among others of its session breaks no order', async () => {
    world.unreadable.add('s/2');
    await world.append(['s/1']);
    world.now += 1;
    await world.append(['s/2']);
    world.now += 1;
    await world.append(['s/3', 't/1']);
    const delivery = await world.open({ ordered: true });
    await world.deliver(delivery, { ordered: true });
    expect(world.got.toSorted()).toEqual(['s/1', 't/1']);
    world.unreadable.clear();
    world.now += 6_000;
    await world.deliver(delivery, { ordered: true });
    expect(world.got.filter((call) => call.startsWith('s'))).toEqual(['s/1', 's/2', 's/3']);
    expect(world.got).toHaveLength(4);
  });

  it('and turns out to be behind another one, waits for it without a loop', async () => {
    world.answers = (callId) => (callId === 's/1' ? down() : up());
    await world.append(['s/1']);
    const delivery = await world.open({ ordered: true });
    await world.deliver(delivery, { ordered: true });
    world.unreadable.add('s/2');
    world.now += 1;
    await world.append(['s/2']);
    await delivery.round({ ...webhook, ordered: true }, ends);
    world.unreadable.clear();
    world.now += 7_000;
    await world.deliver(delivery, { ordered: true });
    world.now += 1;
    await world.append(['t/1']);
    await world.deliver(delivery, { ordered: true });
    expect(world.got).toContain('t/1');
    world.answers = up;
    world.now += 60_000;
    await world.deliver(delivery, { ordered: true });
    expect(world.got.slice(-2)).toEqual(['s/1', 's/2']);
  });

  it('keeps back the later ones of its session only', async () => {
    world.unreadable.add('s/1');
    await world.append(['s/1']);
    world.now += 1;
    await world.append(['t/1', 's/2']);
    const delivery = await world.open({ ordered: true });
    await world.deliver(delivery, { ordered: true });
    expect(world.got).toEqual(['t/1']);
    world.unreadable.clear();
    world.now += 6_000;
    await world.deliver(delivery, { ordered: true });
    expect(world.got).toEqual(['t/1', 's/1', 's/2']);
  });

  it('ends the delivery if no other can be read either: then Temporal or the store is away', async () => {
    const calls = Array.from({ length: 9 }, (_, call) => String(call));
    for (const call of calls) world.unreadable.add(call);
    await world.append(calls);
    const delivery = await world.open();
    await expect(delivery.round(webhook, ends)).rejects.toThrow('away');
    world.unreadable.clear();
    await world.deliver(await world.open());
    expect(world.got.toSorted()).toEqual(calls);
  });
});
