/** When the events of a webhook can be taken. */
import { expect, it } from 'vitest';
import { DeliveryBook } from '../../../src/domain/delivery-book.ts';
import { heldAfter, newDeliveries } from '../../../src/domain/delivery-state.ts';
import { EventLog } from '../../../src/services/webhooks/event-log.ts';
import { EventSource } from '../../../src/services/webhooks/event-source.ts';
import { DeliveryWorld } from './delivery-world.ts';

it('while the receiver is down nothing is taken, and no time is known at which something can be', async () => {
  const world = new DeliveryWorld();
  const book = new DeliveryBook(newDeliveries(1));
  const log = new EventLog(world.log, 'wh1', () => world.now);
  const save = (): Promise<void> => Promise.resolve();
  const source = new EventSource({ id: 'wh1', files: world.files, log, book, marginMs: 60_000, save });
  await world.append(['s/1'], 0);
  expect(await source.take(true, world.now)).toEqual([]);
  expect(source.nextAt(world.now)).toBe(world.now + 60_000);
  const failure = { at: world.now, error: 'HTTP 503' };
  for (let index = 1; index <= heldAfter; index++)
    book.failed({ segment: 1, index, since: 0, tries: 0 }, failure, 900_000);
  expect(source.nextAt(world.now + 60_000)).toBeUndefined();
  expect(await source.take(true, world.now)).toEqual([]);
  expect(source.caughtUpAt).toBeUndefined();
});
