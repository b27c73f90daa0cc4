/** Endpoints of webhooks, and of the log of their deliveries. */
import { z } from 'zod';
import {
  callbackAccepted,
  callbackSecret,
  deliveryOutcome,
  deliveryPage,
  redeliveryAccepted,
  redeliveryRequest,
  shownWebhook,
  testDelivery,
  webhook as webhookSchema,
  webhookChange,
  webhookList,
  webhookRequest,
  webhookRotation,
} from '../../contract/webhooks.ts';
import { defaultProject } from '../../domain/project.ts';
import { callParams } from '../calls/routes.ts';
import { iso } from '../calls/wire.ts';
import { requireScope } from '../http/auth.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { deliveryToWire, testToWire, toFilter, toFilterChange, webhookToWire } from './webhook-wire.ts';

const params = z.object({
  id: z.string().regex(/^[0-9A-Za-z]{1,64}$/, 'letters and digits: the list shows the ids'),
});
const eventParams = params.extend({ event_id: z.string().regex(/^evt_[0-9a-f]{1,64}$/, 'begins with evt_') });
const deliveryQuery = z.object({
  outcome: deliveryOutcome.optional(),
  before: z.iso.datetime({ offset: true }).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});
const refusedChanges = [
  'unauthorized',
  'scope_missing',
  'shutting_down',
  'temporal_unavailable',
  'payload_store_unavailable',
  'project_not_found',
] as const;
const refusedBodies = [
  'invalid_json',
  'body_too_large',
  'unsupported_media_type',
  'validation_failed',
] as const;
const refusedReads = ['temporal_unavailable', 'payload_store_unavailable', 'project_not_found'] as const;

export function webhookEndpoints({
  webhooks,
  clock,
  config,
}: Pick<ApiDependencies, 'webhooks' | 'clock' | 'config'>): Endpoint[] {
  const shownAt = () => ({ now: clock.now(), keptMs: config.endings.keptMs });
  return [
    endpoint({
      method: 'post',
      path: '/api/vps/webhooks',
      scope: 'operate',
      projects: 'one',
      tag: 'webhooks',
      summary: 'Create a webhook',
      description:
        'Its receiver gets every event that happens from now on and matches, at least once, signed as standardwebhooks.com says. With include_content it needs the scope `read`, too. See docs/webhooks.md.',
      body: webhookRequest,
      answers: { 201: { description: 'Created; the secret is shown only here', schema: shownWebhook } },
      refusals: [
        ...refusedBodies,
        ...refusedChanges,
        'webhook_address_refused',
        'webhooks_full',
        'disk_full',
      ],
      handle: async ({ body, project, principal }) => {
        if (body.include_content) requireScope(principal, 'read'); // Its receiver reads calls.
        const { secret, ...created } = await webhooks.create({
          name: body.name,
          url: body.url,
          events: [...new Set(body.events)],
          filter: toFilter(body),
          ...(project !== defaultProject && { project }),
          ...(body.ordered && { ordered: true as const }),
          ...(body.include_content && { withContent: true as const }),
        });
        return { status: 201, body: { ...webhookToWire(created, shownAt()), secret } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/webhooks',
      scope: 'read',
      projects: 'any',
      tag: 'webhooks',
      summary: 'List webhooks',
      answers: { 200: { description: 'The oldest first; never their secrets', schema: webhookList } },
      refusals: refusedReads,
      handle: async ({ project }) => {
        const all = await webhooks.list(project);
        const now = shownAt();
        return {
          status: 200,
          body: { total: all.length, webhooks: all.map((one) => webhookToWire(one, now)) },
        };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/webhooks/callback-secret',
      scope: 'call',
      projects: 'one',
      tag: 'webhooks',
      summary: 'Show what signs callbacks',
      description:
        'Events that are sent to the callback_url of a call are signed with this secret of its project.',
      answers: { 200: { description: 'The secret', schema: callbackSecret } },
      refusals: ['project_not_found'],
      handle: ({ project }) =>
        Promise.resolve({ status: 200 as const, body: { secret: webhooks.callbackSecret(project) } }),
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/calls/{id}/callback',
      scope: 'operate',
      projects: 'id',
      tag: 'webhooks',
      summary: 'Send the callback of a call again',
      params: callParams,
      answers: { 202: { description: 'It will be sent', schema: callbackAccepted } },
      refusals: [...refusedChanges, 'call_not_found', 'event_not_found', 'disk_full'],
      handle: async ({ params: { id } }) => {
        await webhooks.redeliverCallback(id);
        return { status: 202, body: { call_id: id, status: 'accepted' as const } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/webhooks/{id}',
      scope: 'read',
      projects: 'one',
      tag: 'webhooks',
      summary: 'Describe a webhook',
      params,
      answers: { 200: { description: 'The webhook without its secret', schema: webhookSchema } },
      refusals: [...refusedReads, 'webhook_not_found'],
      handle: async ({ params: { id }, project }) => ({
        status: 200,
        body: webhookToWire(await webhooks.find(project, id), shownAt()),
      }),
    }),
    endpoint({
      method: 'patch',
      path: '/api/vps/webhooks/{id}',
      scope: 'operate',
      projects: 'one',
      tag: 'webhooks',
      summary: 'Change a webhook',
      description:
        'What is absent stays as it is. With another URL, or switched on, what waits is sent at once. A change of url, or to include_content, needs the scope `read`, too.',
      params,
      body: webhookChange,
      answers: { 200: { description: 'Changed', schema: webhookSchema } },
      refusals: [
        ...refusedBodies,
        ...refusedChanges,
        'webhook_not_found',
        'webhook_address_refused',
        'webhooks_full',
      ],
      handle: async ({ params: { id }, body, project, principal }) => {
        if (body.url !== undefined || body.include_content) requireScope(principal, 'read');
        const filter = toFilterChange(body);
        const changed = await webhooks.change(project, id, {
          ...(body.name !== undefined && { name: body.name }),
          ...(body.url !== undefined && { url: body.url }),
          ...(body.events && { events: [...new Set(body.events)] }),
          ...(Object.keys(filter).length > 0 && { filter }),
          ...(body.ordered != null && { ordered: body.ordered }),
          ...(body.include_content != null && { withContent: body.include_content }),
          ...(body.enabled !== undefined && { enabled: body.enabled || ('by_request' as const) }),
        });
        return { status: 200, body: webhookToWire(changed, shownAt()) };
      },
    }),
    endpoint({
      method: 'delete',
      path: '/api/vps/webhooks/{id}',
      scope: 'operate',
      projects: 'one',
      tag: 'webhooks',
      summary: 'Remove a webhook',
      description:
        'What waits and what was parked is not sent any more, and the log of its deliveries is deleted.',
      params,
      answers: { 204: { description: 'Removed' } },
      refusals: [...refusedChanges, 'webhook_not_found'],
      handle: async ({ params: { id }, project }) => {
        await webhooks.remove(project, id);
        return { status: 204 };
      },
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/webhooks/{id}/rotate',
      scope: 'operate',
      projects: 'one',
      tag: 'webhooks',
      summary: 'Give a webhook a new secret',
      description: 'Both secrets sign what is sent for a while, so that the receiver can change over.',
      params,
      body: webhookRotation,
      bodyOptional: true,
      answers: { 200: { description: 'The new secret; it is shown only here', schema: shownWebhook } },
      refusals: [...refusedBodies, ...refusedChanges, 'webhook_not_found'],
      handle: async ({ params: { id }, body, project }) => {
        const { secret, ...rotated } = await webhooks.rotate(project, id, body.overlap_seconds * 1_000);
        return { status: 200, body: { ...webhookToWire(rotated, shownAt()), secret } };
      },
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/webhooks/{id}/test',
      scope: 'operate',
      projects: 'one',
      tag: 'webhooks',
      summary: 'Send a test event',
      description: 'Sends an event of the type webhook.test once, from this node, and waits for the answer.',
      params,
      answers: { 200: { description: 'What the receiver answered', schema: testDelivery } },
      refusals: [...refusedChanges, 'webhook_not_found'],
      handle: async ({ params: { id }, project, response }) => {
        const left = new AbortController();
        response.once('close', () => left.abort());
        return { status: 200, body: testToWire(await webhooks.test(project, id, left.signal)) };
      },
    }),
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
      handle: async ({ params: { id }, query, project }) => {
        const before = query.before === undefined ? clock.now() + 60_000 : Date.parse(query.before);
        const { outcome, limit } = query;
        const page = await webhooks.deliveries(project, id, { outcome, before, limit });
        const last = page.isMore ? page.entries.at(-1) : undefined;
        return {
          status: 200,
          body: { deliveries: page.entries.map(deliveryToWire), next_before: last ? iso(last.at) : null },
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
      params: eventParams,
      answers: { 202: { description: 'It will be sent', schema: redeliveryAccepted } },
      refusals: [
        ...refusedChanges,
        'webhook_not_found',
        'event_not_found',
        'webhook_disabled',
        'redeliveries_full',
        'disk_full',
      ],
      handle: async ({ params: { id, event_id: eventId }, project }) => {
        await webhooks.redeliverOne(project, id, eventId, clock.now() + 60_000);
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
