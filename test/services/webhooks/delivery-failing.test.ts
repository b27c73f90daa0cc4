/** A receiver that fails. */
import { beforeEach, describe, expect, it } from 'vitest';
import { dayMs, DeliveryWorld, down, up } from './delivery-world.ts';

let world: DeliveryWorld;
beforeEach(() => {
  world = new DeliveryWorld();
});

describe('a receiver that is down', () => {
  it('gets everything once it is back, and few tries until then', async () => {
    world.answers = down;
    for (let call = 0; call < 200; call++) await world.append([String(call)]);
    const delivery = await world.open();
    await world.deliver(delivery);
    expect(world.got.length).toBeLessThan(100);
    const tried = world.got.length;
    world.now += 3_600_000;
    await world.deliver(delivery);
    expect(world.got.length).toBeLessThan(2 * tried + 10);
    world.answers = up;
    world.now += 3_600_000;
    await world.deliver(delivery);
    expect(new Set(world.got).size).toBe(200);
    expect(delivery.caughtUpAt).toBe(201);
  });

  it('although it only refuses those that wait, gets the others within minutes', async () => {
    world.answers = (callId) => (callId.startsWith('bad') ? down() : up());
    await world.append(Array.from({ length: 6 }, (_, call) => `bad${call}`));
    const delivery = await world.open();
    await world.deliver(delivery);
    await world.append(Array.from({ length: 100 }, (_, call) => `good${call}`));
    await world.deliver(delivery);
    expect(world.got).not.toContain('good0');
    world.now += 300_000;
    await world.deliver(delivery);
    expect(world.got.filter((call) => call.startsWith('good'))).toHaveLength(100);
  });

  it('does not keep others back that it takes', async () => {
    world.answers = (callId) => (callId === 'poison' ? down() : up());
    await world.append(['poison', '1']);
    const delivery = await world.open();
    await world.deliver(delivery);
    await world.append(['2']);
    await world.deliver(delivery);
    expect(world.got).toEqual(['poison', '1', '2']);
  });

  it('is not caught up while events are held back', async () => {
    world.answers = down;
    for (let call = 0; call < 6; call++) await world.append([String(call)]);
    const delivery = await world.open();
    await world.deliver(delivery);
    await world.append(['later']);
    await world.deliver(delivery);
    expect(delivery.caughtUpAt).toBeUndefined();
    expect(delivery.nextAt(world.now)).toBeGreaterThan(world.now);
  });

  it('has its events parked after three days, which are sent again when somebody asks', async () => {
    world.answers = down;
    for (let call = 0; call < 20; call++) await world.append([String(call)]);
    const from = world.now;
    const delivery = await world.open();
    await world.deliver(delivery);
    world.now += 3 * dayMs;
    await world.deliver(delivery);
    const parked = (await world.logged()).filter(({ outcome }) => outcome === 'parked');
    expect(parked).toHaveLength(20);
    expect(delivery.caughtUpAt).toBe(21);
    expect(await world.parkedNow()).toBe(20);
    world.answers = up;
    world.got = [];
    const again = await world.open();
    await again.add([{ id: 'job-2', kind: 'parked', from, to: from }]);
    await world.deliver(again);
    expect(world.got.toSorted((one, other) => Number(one) - Number(other))).toEqual(
      Array.from({ length: 20 }, (_, call) => String(call)),
    );
    expect(await world.parkedNow()).toBe(0);
    expect(await world.files.lastParked('wh1')).toBeUndefined();
  });

  it('of few sessions gets no further ones meanwhile, and none is parked early', async () => {
    world.answers = down;
    const delivery = await world.open({ ordered: true });
    for (let hour = 0; hour < 24; hour++) {
      world.now += 3_600_000;
      await world.append(
        Array.from({ length: 100 }, (_, call) => `s/${String(100 * hour + call).padStart(4, '0')}`),
      );
      await world.deliver(delivery, { ordered: true });
    }
    expect((await world.files.readState('wh1'))?.waiting.length).toBeLessThanOrEqual(1_000);
    expect(await world.parkedNow()).toBe(0);
    expect(delivery.nextAt(world.now)).toBeGreaterThan(world.now);
    world.answers = up;
    world.got = [];
    for (let minute = 0; minute < 60; minute++) {
      world.now += 60_000;
      await world.deliver(delivery, { ordered: true });
    }
    expect(world.got).toHaveLength(2_400);
    expect(world.got).toEqual(world.got.toSorted());
  });

  it('says when it wants the next try', async () => {
    world.answers = () => ({ ok: false, status: 429, error: 'HTTP 429', retryAfterSeconds: 600, ms: 1 });
    await world.append(['1']);
    const delivery = await world.open();
    await world.deliver(delivery);
    expect(delivery.nextAt(world.now)).toBe(world.now + 600_000);
  });
});
