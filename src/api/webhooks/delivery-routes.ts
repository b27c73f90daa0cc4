/** Endpoints that list the deliveries of webhooks, and send events again. */
import { z } from 'zod';
import {
  deliveryOutcome,
  deliveryPage,
  redeliveryAccepted,
  redeliveryRequest,
} from '../../contract/webhooks.ts';
import { isoOrNull } from '../calls/wire.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { refusedBodies, refusedChanges, refusedReads, webhookParams as params, whenLeft } from './shared.ts';
import { deliveryToWire } from './webhook-wire.ts';

const eventParams = params.extend({ event_id: z.string().regex(/^evt_[0-9a-f]{1,64}$/, 'begins with evt_') });
const deliveryQuery = z.object({
  outcome: deliveryOutcome.optional(),
  before: z.iso.datetime({ offset: true }).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

export function deliveryEndpoints({
  webhooks,
  clock,
}: Pick<ApiDependencies, 'webhooks' | 'clock'>): Endpoint[] {
  /** Epoch ms. Clocks differ, so without a time it is one in the future. */
  const beforeOf = ({ before }: { readonly before?: string | undefined }): number =>
    before === undefined ? clock.now() + 60_000 : Date.parse(before);
  return [
    endpoint({
      method: 'get',
      path: '/api/vps/webhooks/{id}/deliveries',
      scope: 'read',
      projects: 'one',
      tag: 'webhooks',
      summary: 'List deliveries of a webhook',
      params,
      query: deliveryQuery,
      answers: { 200: { description: 'All tries, the newest first', schema: deliveryPage } },
      refusals: [...refusedReads, 'validation_failed', 'webhook_not_found'],
      handle: async ({ params: { id }, query, project, response }) => {
        const { outcome, limit } = query;
        const wish = { outcome, before: beforeOf(query), limit };
        const { entries, nextBefore } = await webhooks.deliveries(project, id, wish, whenLeft(response));
        return {
          status: 200,
          body: { deliveries: entries.map(deliveryToWire), next_before: isoOrNull(nextBefore) },
        };
      },
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/webhooks/{id}/deliveries/{event_id}/redeliver',
      scope: 'operate',
      projects: 'one',
      tag: 'webhooks',
      summary: 'Send one event again',
      description:
        'Give `before`, a time shortly after a try of it, if the webhook has got many events since.',
      params: eventParams,
      query: deliveryQuery.pick({ before: true }),
      answers: { 202: { description: 'It will be sent', schema: redeliveryAccepted } },
      refusals: [
        ...refusedChanges,
        'validation_failed',
        'webhook_not_found',
        'event_not_found',
        'webhook_disabled',
        'redeliveries_full',
        'disk_full',
      ],
      handle: async ({ params: { id, event_id: eventId }, query, project, response }) => {
        await webhooks.redeliverOne(project, id, { eventId, before: beforeOf(query) }, whenLeft(response));
        return { status: 202, body: { webhook_id: id, status: 'accepted' as const } };
      },
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/webhooks/{id}/redeliver',
      scope: 'operate',
      projects: 'one',
      tag: 'webhooks',
      summary: 'Send the events of a time again',
      description: 'By default those that were parked. Events keep their ids, by which receivers know them.',
      params,
      body: redeliveryRequest,
      answers: { 202: { description: 'They will be sent', schema: redeliveryAccepted } },
      refusals: [
        ...refusedBodies,
        ...refusedChanges,
        'webhook_not_found',
        'webhook_disabled',
        'redeliveries_full',
        'disk_full',
      ],
      handle: async ({ params: { id }, body, project }) => {
        const [from, to] = [Date.parse(body.from), Date.parse(body.to)];
        await webhooks.redeliver(project, id, { kind: body.only === 'all' ? 'range' : 'parked', from, to });
        return { status: 202, body: { webhook_id: id, status: 'accepted' as const } };
      },
    }),
  ];
}
