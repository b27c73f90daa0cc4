/** The order of the events of a session, whatever fails. */
import { beforeEach, describe, expect, it } from 'vitest';
import { dayMs, DeliveryWorld, down, ends, up, webhook } from './delivery-world.ts';

let world: DeliveryWorld;
beforeEach(() => {
  world = new DeliveryWorld();
});

describe('an ordered webhook', () => {
  const ordered = { ordered: true } as const;

  it('gets the events of a session in the order of their ends, though they were listed in another', async () => {
    const [first, second] = [world.now - 2, world.now - 1];
    await world.append([{ call: 's/2', endedAt: second }], world.now - 100);
    const delivery = await world.open(ordered);
    await world.deliver(delivery, ordered);
    expect(world.got).toEqual([]);
    expect(delivery.nextAt(world.now)).toBe(second + 60_000);
    await world.append([{ call: 's/1', endedAt: first }], world.now);
    await world.deliver(delivery, ordered);
    expect(world.got).toEqual(['s/1', 's/2']);
    expect(delivery.caughtUpAt).toBe(3);
  });

  it('gets an event, though late, that was listed after its time was complete', async () => {
    await world.append(['s/1']);
    const delivery = await world.open(ordered);
    await world.deliver(delivery, ordered);
    await world.append([{ call: 's/0', endedAt: world.now - 5_000 }]);
    await world.deliver(delivery, ordered);
    expect(world.got).toEqual(['s/1', 's/0']);
  });

  it('gets many late events once each', async () => {
    await world.append(['s/1']);
    const delivery = await world.open(ordered);
    await world.deliver(delivery, ordered);
    await world.append(
      Array.from({ length: 200 }, (_, call) => ({ call: `t/${call}`, endedAt: world.now - 1_000 + call })),
    );
    await world.deliver(delivery, ordered);
    expect(world.got).toHaveLength(201);
    expect(new Set(world.got).size).toBe(201);
  });

  it('gets an event that only a segment far behind it completes', async () => {
    await world.append(['s/1'], 0);
    for (let at = 0; at < 600; at++) await world.append([], 0);
    await world.append([], world.now);
    await world.deliver(await world.open(ordered), ordered);
    expect(world.got).toEqual(['s/1']);
  });

  it('catches up with a log that is long', async () => {
    for (let call = 0; call < 1_500; call++) {
      world.now += 1_000;
      await world.append([`s/${call}`]);
    }
    await world.deliver(await world.open(ordered), ordered);
    expect(world.got).toEqual(Array.from({ length: 1_500 }, (_, call) => `s/${call}`));
  });

  it('that becomes one, or no longer is one, is sent nothing twice and misses nothing', async () => {
    await world.append(['1', '2', 's/1']);
    await world.append([{ call: 't/1', endedAt: world.now - 1 }]);
    await world.deliver(await world.open());
    const next = await world.open(ordered);
    await world.deliver(next, ordered);
    await world.deliver(next, ordered);
    expect(world.got).toHaveLength(4);
    world.now += 10;
    await world.append(['s/2', { call: 't/2', endedAt: world.now + 1_000 }]);
    await world.deliver(await world.open(ordered), ordered);
    expect(world.got).toHaveLength(5);
    await world.deliver(await world.open());
    expect(world.got.slice(4)).toEqual(['s/2', 't/2']);
  });

  it('waits with later events of a session for one that failed, and with no other session', async () => {
    world.answers = (callId) => (callId === 's/1' ? down() : up());
    await world.append(['s/1']);
    world.now += 1;
    await world.append(['s/2', 't/1']);
    const delivery = await world.open(ordered);
    await world.deliver(delivery, ordered);
    expect(world.got.toSorted()).toEqual(['s/1', 't/1']);
    world.answers = up;
    world.now += 6_000;
    await world.deliver(delivery, ordered);
    expect(world.got.slice(-2)).toEqual(['s/1', 's/2']);
  });

  it('learns from the next event of a session that one before it was parked', async () => {
    world.answers = (callId) => (callId === 's/1' ? down() : up());
    await world.append(['s/1']);
    world.now += 1;
    await world.append(['s/2', 's/3']);
    const delivery = await world.open(ordered);
    await world.deliver(delivery, ordered);
    expect(world.got).toEqual(['s/1']);
    world.now += 3 * dayMs;
    await world.deliver(delivery, ordered);
    expect(world.got.slice(-2)).toEqual(['s/2', 's/3']);
    expect(world.gaps).toEqual(['s/2']);
  });

  it('never breaks the order, whatever fails and dies', async () => {
    let seed = 1;
    const chance = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    world.answers = () => (chance() < 0.4 ? down() : up());
    let delivery = await world.open(ordered);
    const taken: string[] = [];
    const calls: string[] = [];
    for (let step = 0; step < 300; step++) {
      world.now += 1_000;
      const call = `${'stu'[step % 3]}/${String(step).padStart(3, '0')}`;
      calls.push(call);
      await world.append([call]);
      await delivery.round({ ...webhook, ...ordered }, ends);
      if (chance() < 0.5) await delivery.save();
      if (chance() < 0.2) delivery = await world.open(ordered);
    }
    world.answers = up;
    for (let hour = 0; hour < 4; hour++) {
      world.now += 3_600_000;
      await world.deliver(delivery, ordered);
    }
    for (const { about } of (await world.logged()).filter(({ outcome }) => outcome === 'delivered').reverse())
      if (!taken.includes(about)) taken.push(about);
    expect(taken.toSorted()).toEqual(calls.toSorted());
    for (const session of 'stu') {
      const own = taken.filter((call) => call.startsWith(session));
      expect(own).toEqual(own.toSorted());
    }
  });
});
