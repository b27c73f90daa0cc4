/** Deliveries of one webhook against a simulated receiver, log and clock. */
import { beforeEach, describe, expect, it } from 'vitest';
import { newDeliveries } from '../../../src/domain/delivery-state.ts';
import { Delivery } from '../../../src/services/webhooks/delivery.ts';
import { dayMs, DeliveryWorld, down, ends, up, webhook } from './delivery-world.ts';

let world: DeliveryWorld;
beforeEach(() => {
  world = new DeliveryWorld();
});

describe('events of the log', () => {
  it('are sent once each, also by the delivery after this one', async () => {
    await world.append(['1', '2']);
    await world.append(['3']);
    await world.deliver(await world.open());
    expect(world.got.toSorted()).toEqual(['1', '2', '3']);
    await world.append(['4']);
    const next = await world.open();
    await world.deliver(next);
    expect(world.got).toHaveLength(4);
    expect(next.caughtUpAt).toBe(4);
    expect(next.nextAt(world.now)).toBeUndefined();
    expect((await world.logged()).map(({ outcome }) => outcome)).toEqual(Array(4).fill('delivered'));
  });

  it('are sent again if a delivery dies before it has written what it did', async () => {
    await world.append(['1']);
    await (await world.open()).round(webhook, ends);
    await world.deliver(await world.open());
    expect(world.got).toEqual(['1', '1']);
  });

  it('before the gap that a later wake leaves are not read', async () => {
    await world.append(['1']);
    const first = await world.open();
    await world.deliver(first);
    await world.append([]);
    await world.append(['2']);
    const second = await world.open();
    second.skip({ after: first.caughtUpAt ?? 0, to: 3 });
    await world.deliver(second);
    expect(world.got).toEqual(['1', '2']);
    const third = await world.open();
    third.skip({ after: 1, to: 9 }); // It is of another place.
    await world.append(['3']);
    await world.deliver(third);
    expect(world.got).toEqual(['1', '2', '3']);
  });

  it('are found in a log that has begun anew, because its store was lost', async () => {
    await world.append(['1']);
    await world.deliver(await world.open({ fromSegment: 5_001 }));
    expect(world.got).toEqual(['1']);
  });

  it('of deleted calls are dropped', async () => {
    world.deleted.add('1');
    await world.append(['1', '2']);
    await world.deliver(await world.open());
    expect(world.got).toEqual(['2']);
    expect((await world.logged()).map(({ about, outcome }) => [about, outcome])).toEqual([
      ['2', 'delivered'],
      ['1', 'dropped'],
    ]);
  });

  it('are not sent once the receiver has answered 410', async () => {
    world.answers = () => ({ ok: false, status: 410, error: 'HTTP 410', gone: true, ms: 1 });
    await world.append(['1']);
    const delivery = await world.open();
    expect(await delivery.round(webhook, ends)).toBe('gone');
    await delivery.save();
    world.answers = up;
    const later = await world.open();
    await later.add([{ kind: 'retry' }]);
    await world.deliver(later);
    expect(world.got).toEqual(['1', '1']);
  });
});

describe('a delivery', () => {
  it('that a later one has superseded writes nothing any more', async () => {
    await world.append(['1']);
    const zombie = await world.open();
    await zombie.round(webhook, ends);
    await world.deliver(await world.open());
    await expect(zombie.save()).rejects.toThrow('A later delivery of this webhook has begun');
    expect((await world.files.readState('wh1'))?.delivered).toBe(1);
  });

  it('leaves what it has not sent in time to the next round', async () => {
    const end = new AbortController();
    await world.append(['s/1', 's/2', 's/3']);
    world.answers = () => {
      end.abort();
      return up();
    };
    const delivery = await world.open({ ordered: true });
    await delivery.round({ ...webhook, ordered: true }, { ...ends, end: end.signal });
    expect(world.got).toEqual(['s/1']);
    await world.deliver(delivery, { ordered: true });
    expect(world.got).toEqual(['s/1', 's/2', 's/3']);
  });

  it('that is cut off counts no failure', async () => {
    const stop = new AbortController();
    await world.append(['1']);
    world.answers = () => {
      stop.abort();
      throw new Error('aborted');
    };
    const delivery = await world.open();
    await delivery.round(webhook, { ...ends, stop: stop.signal });
    await delivery.save();
    expect(await world.files.readState('wh1')).toMatchObject({ failures: 0, waiting: [{ tries: 0 }] });
  });

  it('whose URL cannot be opened says why, and parks its events in the end', async () => {
    const send = (): never => {
      throw new Error("The secret of 'webhook wh1' was sealed with another key");
    };
    await world.append(['1']);
    const delivery = await Delivery.open({ ...world.parts(), send }, webhook);
    await world.deliver(delivery);
    expect(await world.state()).toMatchObject({ failures: 0, waiting: [{ tries: 1 }] });
    expect((await world.logged())[0]).toMatchObject({
      outcome: 'failed',
      error: "the event could not be sent: The secret of 'webhook wh1' was sealed with another key",
    });
    world.now += 3 * dayMs;
    await world.deliver(delivery);
    expect(await world.parkedNow()).toBe(1);
  });

  it('parks what fails most only for a new event that has come', async () => {
    await world.append(Array.from({ length: 500 }, (_, call) => String(call)));
    const wait = { segment: 1, since: world.now, tries: 3, nextAt: world.now + 900_000 };
    const waiting = Array.from({ length: 500 }, (_, index) => ({ ...wait, index }));
    await world.files.writeState('wh1', { ...newDeliveries(2), waiting, deliveredAt: world.now });
    const delivery = await world.open();
    await world.deliver(delivery);
    expect(await world.parkedNow()).toBe(0);
    await world.append(['new']);
    await world.deliver(delivery);
    expect(await world.parkedNow()).toBe(1);
    expect(world.got).toEqual(['new']);
  });

  it('parks what fails most if too many events wait, and goes on with the others', async () => {
    world.answers = (callId) => (callId.startsWith('bad') ? down() : up());
    const calls = Array.from({ length: 1_200 }, (_, call) => [`bad${call}`, `good${call}`]).flat();
    for (let at = 0; at < calls.length; at += 100) await world.append(calls.slice(at, at + 100));
    const delivery = await world.open();
    for (let minute = 0; minute < 30; minute++) {
      world.now += 60_000;
      await world.deliver(delivery);
    }
    expect(world.got.filter((call) => call.startsWith('good'))).toHaveLength(1_200);
    expect((await world.files.readState('wh1'))?.waiting.length).toBeLessThanOrEqual(600);
  });
});
