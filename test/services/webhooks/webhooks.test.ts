/** When a change of a webhook has its deliveries look at it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { newDeliveries } from '../../../src/domain/delivery-state.ts';
import { EntityUpdateLimit } from '../../../src/services/temporal/entity-updates.ts';
import { EndingLog } from '../../../src/services/endings/ending-log.ts';
import { DeliveryFiles } from '../../../src/services/webhooks/delivery-files.ts';
import type { WebhookSender } from '../../../src/services/webhooks/webhook-sender.ts';
import { Webhooks } from '../../../src/services/webhooks/webhooks.ts';
import { MemoryStore } from '../../payloads/memory-store.ts';
import { DirectoryWorld } from './directory-world.ts';

let world: DirectoryWorld;
let webhooks: Webhooks;
let files: DeliveryFiles;
beforeEach(() => {
  world = new DirectoryWorld();
  const store = new MemoryStore();
  files = new DeliveryFiles(store);
  const sender = { check: (url: string) => url, seal: (_id: string, text: string) => text };
  webhooks = new Webhooks({
    temporal: world.temporal,
    directory: world.directory,
    updateLimit: new EntityUpdateLimit(),
    files,
    endings: new EndingLog(store),
    sender: sender as unknown as WebhookSender,
    keptMs: 1,
    now: () => 0,
  });
});

describe('a change', () => {
  it('of the name or the filter wakes nothing', async () => {
    await webhooks.change('default', 'wh1', { name: 'Shop' });
    await webhooks.change('default', 'wh1', { filter: { userId: 'ann' } });
    expect(world.signals).toEqual([]);
  });

  it('of the URL, or switching on, sends what waits now', async () => {
    await webhooks.change('default', 'wh1', { url: 'https://shop.example/' });
    expect(world.signals).toEqual(['webhook-wh1 retry']);
    await webhooks.change('default', 'wh1', { enabled: true });
    expect(world.signals).toHaveLength(2);
  });

  it('of the format sends what waits now', async () => {
    await webhooks.change('default', 'wh1', { format: 'slack' });
    expect(world.signals).toEqual(['webhook-wh1 retry']);
  });

  it('that switches off has the delivery forget that it has read the log to its end: nobody wakes it from now on', async () => {
    await webhooks.change('default', 'wh1', { enabled: 'by_request' });
    expect(world.signals).toEqual(['webhook-wh1 retry']);
  });
});

it('a removal that is repeated after a lost answer wakes the delivery again, which forgets the webhook', async () => {
  await webhooks.remove('default', 'wh1');
  const again = webhooks.remove('default', 'wh1');
  await expect(again).rejects.toMatchObject({ type: 'webhook_not_found' });
  expect(world.signals).toEqual(['webhook-wh1 retry', 'webhook-wh1 retry']);
});

it('the webhook of another project is neither removed nor woken', async () => {
  await expect(webhooks.remove('crm', 'wh1')).rejects.toMatchObject({ type: 'webhook_not_found' });
  expect(world.signals).toEqual([]);
  expect(world.webhooks).toHaveLength(1);
});

describe('redeliveries', () => {
  const range = { kind: 'parked', from: 0, to: 1 } as const;
  const full = expect.objectContaining({ type: 'redeliveries_full' }) as unknown;
  const never = new AbortController().signal;
  const ranges = Array.from({ length: 20 }, () => ({ from: 0, to: 1 }));
  const one = Array.from({ length: 1_000 }, (_, index) => ({ segment: 1, index }));

  beforeEach(async () => {
    const at = 1_000;
    const event = { eventId: 'evt_1', type: 'call.completed', about: 'call', happenedAt: at } as const;
    await files.append('wh1', at, [{ segment: 1, index: 0, at, ...event, outcome: 'delivered', tries: 1 }]);
  });
  const redeliverOne = () =>
    webhooks.redeliverOne('default', 'wh1', { eventId: 'evt_1', before: 2_000 }, never);

  it('of a time are refused because 20 of them wait, but single events are not', async () => {
    await files.writeState('wh1', { ...newDeliveries(1), ranges });
    await expect(webhooks.redeliver('default', 'wh1', range)).rejects.toEqual(full);
    await redeliverOne();
    expect(world.jobs).toMatchObject([{ kind: 'one', segment: 1, index: 0 }]);
  });

  it('of single events are refused because 1,000 of them wait, but those of a time are not', async () => {
    await files.writeState('wh1', { ...newDeliveries(1), one });
    await expect(redeliverOne()).rejects.toEqual(full);
    await webhooks.redeliver('default', 'wh1', range);
    expect(world.jobs).toMatchObject([range]);
  });
});
