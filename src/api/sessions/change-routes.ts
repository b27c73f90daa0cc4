import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { contentOf } from '../../domain/content.ts';
import { newId } from '../../contract/ids.ts';
import { appendRequest, forkRequest, settingsRequest } from '../../contract/session-requests.ts';
import { sessionAppended, sessionFork, sessionSettings } from '../../contract/sessions.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { defaultProject, sessionIn } from '../../domain/project.ts';
import { callerOf, earlierDigests, keyDigest } from '../calls/idempotency.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { sessionParams } from './routes.ts';
import { maxSystemBytes } from './system-prompt.ts';

type Dependencies = Pick<ApiDependencies, 'sessions' | 'config' | 'sealer' | 'earlierCallers'>;

/** Endpoints that fork a session and that change one without a call. */
export function sessionChangeEndpoints({
  sessions,
  config,
  sealer,
  earlierCallers,
}: Dependencies): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/api/vps/sessions/{id}/fork',
      scope: 'call',
      projects: 'one',
      tag: 'sessions',
      summary: 'Fork a session',
      description:
        'Makes a new session with the messages of this one, its user and its metadata. Neither depends on the other. A call in flight is not part of the fork. A repeat with the same session_id is refused; without one it makes another fork.',
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
      handle: async ({ params, body, project }) => {
        const own = body.session_id ?? randomUUID();
        const newId = sessionIn(project, own);
        const wish = { newId, before: body.before ?? undefined };
        const count = await sessions.creation.fork(sessionIn(project, params.id), wish);
        return { status: 201, body: { session_id: own, total_messages: count } };
      },
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/sessions/{id}/messages',
      scope: 'call',
      projects: 'one',
      tag: 'sessions',
      summary: 'Append messages',
      description:
        'Appends messages without a call, all or none. Creates the session if it does not exist. Refused while a call holds the turn or waits for it.',
      params: z.object({ id: newId }),
      headers: {
        'Idempotency-Key':
          'A repeat with the same key and body appends nothing, as long as it is among the last 200 appends; another body is refused',
      },
      body: appendRequest(config.limits),
      answers: { 200: { description: 'The session has the messages', schema: sessionAppended } },
      refusals: [
        'invalid_json',
        'body_too_large',
        'unsupported_media_type',
        'validation_failed',
        'idempotency_mismatch',
        'session_metadata_full',
        'session_busy',
        'shutting_down',
        'temporal_unavailable',
        'disk_full',
        'payload_store_unavailable',
      ],
      handle: async ({ params, body, project, request }) => {
        const { count, repeated } = await sessions.changes.append(sessionIn(project, params.id), {
          id: keyDigest(request, callerOf(project)),
          earlierIds: project === defaultProject ? earlierDigests(request, earlierCallers()) : [],
          fingerprint: sealer.fingerprint(canonicalJson(body)),
          messages: body.messages.map(({ role, content = '', parts, agent }) => ({
            role,
            content: parts ? contentOf(parts) : content,
            ...(agent != null && { agent }),
          })),
          userId: body.user_id ?? undefined,
          metadata: body.metadata ?? undefined,
        });
        return { status: 200, body: { session_id: params.id, total_messages: count, repeated } };
      },
    }),
    endpoint({
      method: 'patch',
      path: '/api/vps/sessions/{id}',
      scope: 'call',
      projects: 'one',
      tag: 'sessions',
      summary: "Change a session's settings",
      description:
        'Sets the system prompt, or a narrower window. Fields that are absent do not change. Creates the session if it does not exist. A call that has its turn already keeps its window.',
      params: z.object({ id: newId }),
      body: settingsRequest(maxSystemBytes(config)),
      answers: { 200: { description: 'The settings now', schema: sessionSettings } },
      refusals: [
        'invalid_json',
        'body_too_large',
        'unsupported_media_type',
        'validation_failed',
        'shutting_down',
        'temporal_unavailable',
        'disk_full',
        'payload_store_unavailable',
      ],
      handle: async ({ params, body, project }) => {
        const sessionId = sessionIn(project, params.id);
        const { system = null, window = null } = await sessions.changes.configure(sessionId, body);
        return { status: 200, body: { session_id: params.id, system, window } };
      },
    }),
  ];
}
