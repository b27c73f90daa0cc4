/** Endpoints that create, list, change, rotate, test and remove webhooks. */
import {
  shownWebhook,
  testDelivery,
  webhook as webhookSchema,
  webhookChange,
  webhookList,
  webhookRequest,
  webhookRotation,
} from '../../contract/webhooks.ts';
import { defaultProject } from '../../domain/project.ts';
import { requireScope } from '../http/auth.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { refusedBodies, refusedChanges, refusedReads, webhookParams as params, whenLeft } from './shared.ts';
import { testToWire, toFilter, toFilterChange, webhookToWire } from './webhook-wire.ts';

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
        'Its receiver gets every event that happens from now on and matches, at least once, signed as standardwebhooks.com says, or as a message of Slack, or by mail. With include_content it needs the scope `read`, too. See docs/webhooks.md.',
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
          ...(body.format != null && { format: body.format }),
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
          ...(body.format != null && { format: body.format }),
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
        return { status: 200, body: testToWire(await webhooks.test(project, id, whenLeft(response))) };
      },
    }),
  ];
}
