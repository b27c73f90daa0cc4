/** When the deliveries of a webhook are woken. */
import { expect, it, vi } from 'vitest';
import type { Segment } from '../../../src/services/endings/ending-log.ts';
import { WebhookConsumer } from '../../../src/services/webhooks/webhook-consumer.ts';
import { DirectoryWorld } from './directory-world.ts';

const segmentFor = (number: number, ids: readonly string[] = ['wh1']): Segment => ({
  number,
  fence: 1,
  at: 1,
  until: 1,
  endings: [],
  events: [
    {
      type: 'agent.state_changed',
      agent: 'a',
      from: 'healthy',
      to: 'degraded',
      at: 1,
      sequence: number,
      series: 's',
      for: ids,
    },
  ],
});

const onFailed = vi.fn();

it('a webhook that is switched off is not woken, and later for the first segment that it was not woken for', async () => {
  const { temporal, signals } = new DirectoryWorld();
  let isOn = true;
  const consumer = new WebhookConsumer(temporal, 1_000, () => isOn, onFailed);
  await consumer.take(segmentFor(5));
  expect(signals).toEqual(['webhook-wh1 wake 5']);
  isOn = false;
  for (const number of [6, 7, 8]) await consumer.take(segmentFor(number));
  expect(signals).toEqual(['webhook-wh1 wake 5']);
  isOn = true;
  await consumer.resume({ newest: 8, fence: 1, until: 1, usedUntil: 1, segments: [], isDamaged: false });
  expect(signals).toEqual(['webhook-wh1 wake 5', 'webhook-wh1 wake 6']);
});

it('a delivery that Temporal does not take keeps no other from being woken', async () => {
  const { temporal, signals, refused } = new DirectoryWorld();
  const consumer = new WebhookConsumer(temporal, 1_000, () => true, onFailed);
  refused.add('webhook-wh1');
  await consumer.take(segmentFor(5, ['wh1', 'wh2']));
  expect(signals).toEqual(['webhook-wh2 wake 5']);
  expect(onFailed).toHaveBeenCalledWith('wh1', expect.anything());
});
