/** Endpoints of the `callback_url` of calls. */
import { callbackAccepted, callbackSecret } from '../../contract/webhooks.ts';
import { callParams } from '../calls/routes.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { refusedChanges } from './shared.ts';

export function callbackEndpoints({ callbacks }: Pick<ApiDependencies, 'callbacks'>): Endpoint[] {
  return [
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
        Promise.resolve({ status: 200 as const, body: { secret: callbacks.secretOf(project) } }),
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
        await callbacks.redeliver(id);
        return { status: 202, body: { call_id: id, status: 'accepted' as const } };
      },
    }),
  ];
}
