/** What a webhook looks like to its users. */
import { expect, it } from 'vitest';
import { webhookToWire } from '../../src/api/webhooks/webhook-wire.ts';
import { newDeliveries } from '../../src/domain/delivery-state.ts';
import { webhook } from '../services/webhooks/directory-world.ts';

it('is failing since a time only while something waits: status and failing_since say the same', () => {
  const when = { now: 9_000, keptMs: 1_000 };
  const failing = { ...newDeliveries(1), failingSince: 1_000 };
  const waiting = [{ segment: 1, index: 0, since: 0, tries: 1, nextAt: 9_000 }];
  expect(webhookToWire({ webhook, deliveries: { ...failing, waiting } }, when)).toMatchObject({
    status: 'failing',
    failing_since: '1970-01-01T00:00:01.000Z',
  });
  // The last event that failed was parked or dropped.
  expect(webhookToWire({ webhook, deliveries: failing }, when)).toMatchObject({
    status: 'active',
    failing_since: null,
  });
});
