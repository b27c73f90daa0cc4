import { randomUUID } from 'node:crypto';
import { forkRequest } from '../../contract/session-requests.ts';
import { sessionFork } from '../../contract/sessions.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { sessionParams } from './routes.ts';

type Dependencies = Pick<ApiDependencies, 'sessions'>;

/** Endpoints that make a session of another one. */
export function sessionChangeEndpoints({ sessions }: Dependencies): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/api/vps/sessions/{id}/fork',
      tag: 'sessions',
      summary: 'Fork a session',
      description:
        'Makes a new session with the messages of this one, its user and its metadata. Neither depends on the other. A call in flight is not part of the fork.',
      params: sessionParams,
      body: forkRequest,
      bodyOptional: true,
      answers: {
        201: { description: 'Created', schema: sessionFork },
      },
      refusals: [
        'invalid_json',
        'session_not_found',
        'session_exists',
        'payload_lost',
        'body_too_large',
        'unsupported_media_type',
        'validation_failed',
        'shutting_down',
        'temporal_unavailable',
        'disk_full',
        'payload_store_unavailable',
      ],
      handle: async ({ params, body }) => {
        const newId = body.session_id ?? randomUUID();
        const count = await sessions.fork(params.id, { newId, before: body.before ?? undefined });
        return { status: 201, body: { session_id: newId, total_messages: count } };
      },
    }),
  ];
}
