/** Converts webhooks and their deliveries to the API's snake_case, and back. */
import type * as wire from '../../contract/webhooks.ts';
import { parkedSince, receiverState } from '../../domain/delivery-state.ts';
import { formatOf, projectOfWebhook, type Webhook, type WebhookFilter } from '../../domain/webhook.ts';
import type { FilterChange } from '../../domain/webhook-book.ts';
import type { DeliveryEntry } from '../../services/webhooks/delivery-files.ts';
import type { KnownWebhook } from '../../services/webhooks/webhooks.ts';
import type { SendResult } from '../../receivers/send-event.ts';
import { iso, isoOrNull } from '../calls/wire.ts';

type FilterFields = Pick<wire.WebhookChange, 'agents' | 'session_prefix' | 'user_id' | 'metadata'>;

/** Returns the filter that the fields give. */
export function toFilter(fields: FilterFields): WebhookFilter {
  const given = Object.entries(toFilterChange(fields)).filter(([, value]) => value !== null);
  return Object.fromEntries(given);
}

/** Returns the fields that are given: null takes one away. */
export function toFilterChange({ agents, session_prefix, user_id, metadata }: FilterFields): FilterChange {
  const fields = { agents, sessionPrefix: session_prefix, userId: user_id, metadata };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** `keptMs` is how long events can be sent again. */
export function webhookToWire(
  { webhook, deliveries }: KnownWebhook,
  { now, keptMs }: { readonly now: number; readonly keptMs: number },
): wire.Webhook {
  const { filter, secrets } = webhook;
  const { lastTry, waiting = [], delivered = 0, failingSince } = deliveries ?? {};
  const isFailing = failingSince !== undefined && waiting.length > 0;
  const [earlier] = secrets.filter(({ until }) => until !== undefined && until > now);
  return {
    id: webhook.id,
    name: webhook.name,
    project: projectOfWebhook(webhook),
    url: webhook.shownUrl,
    format: formatOf(webhook),
    events: [...webhook.events],
    agents: filter.agents ? [...filter.agents] : null,
    session_prefix: filter.sessionPrefix ?? null,
    user_id: filter.userId ?? null,
    metadata: filter.metadata ?? null,
    ordered: webhook.ordered === true,
    include_content: webhook.withContent === true,
    status: statusOf(webhook, isFailing),
    created_at: iso(webhook.createdAt),
    disabled_at: isoOrNull(webhook.disabledAt),
    earlier_secret_until: isoOrNull(earlier?.until),
    delivered,
    waiting: waiting.length,
    backlog: deliveries !== undefined && receiverState(deliveries) === 'down',
    parked: deliveries ? parkedSince(deliveries, now - keptMs) : 0,
    failing_since: isoOrNull(isFailing ? failingSince : undefined),
    last_try: lastTry
      ? { at: iso(lastTry.at), status: lastTry.status ?? null, error: lastTry.error ?? null }
      : null,
  };
}

function statusOf({ disabledAt, disabledBecause }: Webhook, isFailing: boolean): wire.Webhook['status'] {
  if (disabledAt !== undefined) return disabledBecause === 'gone' ? 'gone' : 'disabled';
  return isFailing ? 'failing' : 'active';
}

export function deliveryToWire(entry: DeliveryEntry): wire.Delivery {
  const { eventId, type, about, happenedAt, at, outcome, tries, status, error, ms } = entry;
  return {
    event_id: eventId,
    type,
    about,
    happened_at: iso(happenedAt),
    at: iso(at),
    outcome,
    tries,
    status: status ?? null,
    error: error ?? null,
    ms: ms ?? null,
  };
}

export function testToWire(result: SendResult): wire.TestDelivery {
  return {
    delivered: result.ok,
    status: result.status ?? null,
    error: result.ok ? null : result.error,
    ms: result.ms,
  };
}
