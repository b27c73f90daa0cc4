/** When a change of a webhook has its deliveries look at it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { EntityUpdateLimit } from '../../../src/services/temporal/entity-updates.ts';
import { EndingLog } from '../../../src/services/endings/ending-log.ts';
import { DeliveryFiles } from '../../../src/services/webhooks/delivery-files.ts';
import type { WebhookSender } from '../../../src/services/webhooks/webhook-sender.ts';
import { Webhooks } from '../../../src/services/webhooks/webhooks.ts';
import { MemoryStore } from '../../payloads/memory-store.ts';
import { DirectoryWorld } from './directory-world.ts';

let world: DirectoryWorld;
let webhooks: Webhooks;
beforeEach(() => {
  world = new DirectoryWorld();
  const store = new MemoryStore();
  const sender = { check: (url: string) => url, seal: (_id: string, text: string) => text };
  webhooks = new Webhooks({
    temporal: world.temporal,
    directory: world.directory,
    updateLimit: new EntityUpdateLimit(),
    files: new DeliveryFiles(store),
    endings: new EndingLog(store),
    sender: sender as unknown as WebhookSender,
    keptMs: 1,
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
