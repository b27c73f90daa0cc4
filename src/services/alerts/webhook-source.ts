/** Which webhooks have events that were given up. */
import { webhookCondition } from '../../domain/alert-conditions.ts';
import type { ReportedCondition } from '../../domain/alert.ts';
import { parkedSince } from '../../domain/delivery-state.ts';
import type { DeliveryFiles } from '../webhooks/delivery-files.ts';
import { directoryEnded, type WebhookDirectory } from '../webhooks/webhook-directory.ts';
import type { ConditionSource } from './reporter.ts';

interface Parts {
  readonly directory: Pick<WebhookDirectory, 'read'>;
  readonly files: Pick<DeliveryFiles, 'readState'>;
  /** How long parked events can be sent again, in ms. */
  readonly keptMs: number;
  /** How often the states of the deliveries are read, in ms: each is a file in the payload store. */
  readonly everyMs: number;
}

export function webhookSource({ directory, files, keptMs, everyMs }: Parts): ConditionSource {
  let readAt = -Infinity;
  let last: readonly ReportedCondition[] = [];
  return {
    conditions: ['webhook_parked'],
    async read(now) {
      if (now - readAt < everyMs) return last;
      const read = await directory.read();
      if (read.state === 'ended') throw directoryEnded();
      const found: ReportedCondition[] = [];
      for (const webhook of read.webhooks) {
        const state = await files.readState(webhook.id);
        const one = state && webhookCondition({ ...webhook, parked: parkedSince(state, now - keptMs) }, now);
        if (one) found.push(one);
      }
      readAt = now;
      last = found;
      return last;
    },
  };
}
