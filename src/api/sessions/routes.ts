import type { Response } from 'express';
import { z } from 'zod';
import { invalid } from '../../domain/failures.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint, type ReplyOf, type streamed } from '../http/endpoint.ts';
import { id } from '../../contract/ids.ts';
import { cursorQuery, defaultLimit, limitInQuery, numberInQuery } from '../../contract/query.ts';
import {
  importReport,
  sessionCleanup,
  sessionDeletion,
  sessionDescription,
  sessionExport,
  sessionList,
  sessionPage,
} from '../../contract/sessions.ts';
import type { SessionDetails } from '../../services/sessions/sessions.ts';
import { noSuchSession } from '../../services/sessions/session-refusals.ts';
import { importSessions } from './session-import.ts';
import { allProjects, ownSessionId, partsOfSession, sessionIn } from '../../domain/project.ts';
import { sendPieces } from '../http/send-pieces.ts';
import { maxSystemBytes } from './system-prompt.ts';
import { exportJson, sessionJson, sessionPageJson } from './session-json.ts';

export const sessionParams = z.object({ id });
const byId = id.openapi({
  description:
    'Only this session. For ids that cannot be part of a path: `.`, `..` and `export`, which is an endpoint',
});
/** Selects a page of a session's messages. Without these parameters a session is read whole. */
const pageQuery = {
  before: numberInQuery(z.number('takes a whole number').int().min(0))
    .optional()
    .openapi({ description: 'next_before of the previous page' }),
  limit: limitInQuery
    .optional()
    .openapi({ description: `Messages of a page; ${defaultLimit} with \`before\`` }),
};
const detailsInQuery = z.enum(['details']).optional().openapi({
  description: 'details: also the user, the number of messages, the last activity; each session is read',
});
const deletion = { calls: z.enum(['true', 'false']).default('false') };
const deletionAnswers = {
  202: {
    description: 'The session no longer exists; what is left of it is deleted as soon as its store allows',
    schema: sessionDeletion,
  },
  204: { description: 'Deleted' },
};
const deletionRefusals = [
  'session_not_found',
  'validation_failed',
  'shutting_down',
  'temporal_unavailable',
  'payload_store_unavailable',
] as const;

type Dependencies = Pick<ApiDependencies, 'sessions' | 'clock' | 'config'>;

/** Endpoints that list, read, delete, export and import sessions. */
export function sessionEndpoints({ sessions, clock, config }: Dependencies): Endpoint[] {
  const read = async (
    sessionId: string,
    { before, limit }: { before?: number | undefined; limit?: number | undefined },
    response: Response,
  ): Promise<typeof streamed> => {
    const session = await sessions.read(sessionId);
    if (!session) throw noSuchSession(sessionId);
    if (before === undefined && limit === undefined) return sendPieces(response, sessionJson(session));
    return sendPieces(response, sessionPageJson(session, { before, limit: limit ?? defaultLimit }));
  };
  const remove = async (
    sessionId: string,
    calls: 'true' | 'false',
  ): Promise<ReplyOf<typeof deletionAnswers>> => {
    const removal = await sessions.remove(sessionId, { withCalls: calls === 'true' });
    if (removal === 'missing') throw noSuchSession(sessionId);
    if (removal === 'deleted') return { status: 204 };
    return { status: 202, body: { session_id: ownSessionId(sessionId), status: 'deleting' } };
  };
  return [
    endpoint({
      method: 'get',
      path: '/api/vps/sessions',
      scope: 'read',
      projects: 'any',
      tag: 'sessions',
      summary: 'List sessions',
      description:
        'May lag by seconds. With `id`, answers like `/sessions/{id}`, also with `before` and `limit`.',
      query: z.strictObject({
        cursor: cursorQuery.cursor,
        ...pageQuery,
        id: byId.optional(),
        include: detailsInQuery,
      }),
      answers: {
        200: {
          description: 'One page, or the session of `id`',
          schema: z.union([sessionList, sessionPage, sessionDescription]),
        },
      },
      refusals: [
        'session_not_found',
        'validation_failed',
        'temporal_unavailable',
        'payload_store_unavailable',
      ],
      handle: async ({ query, project, response }) => {
        if (query.id !== undefined && query.cursor !== undefined)
          throw invalid('cursor', 'goes with the list; use `before` for the messages of one session');
        if (query.id !== undefined) return read(sessionIn(requireOne(project), query.id), query, response);
        if (query.before !== undefined) throw invalid('before', 'goes with `id`; use `cursor` for a list');
        const page = await sessions.list(project, { ...query, limit: query.limit ?? defaultLimit });
        const details = query.include === undefined ? undefined : await sessions.details(page.items);
        return {
          status: 200,
          body: {
            sessions: page.items.map((sessionId, index) => {
              const { own, project: owner } = partsOfSession(sessionId);
              const listed = { session_id: own, project: owner };
              return details ? { ...listed, details: detailsToWire(details[index]) } : listed;
            }),
            next_cursor: page.nextCursor ?? null,
          },
        };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/sessions/export',
      scope: 'read',
      projects: 'one',
      tag: 'sessions',
      summary: 'Export all sessions',
      answers: { 200: { description: 'A stream, in the form that import accepts', schema: sessionExport } },
      refusals: ['temporal_unavailable', 'payload_store_unavailable'],
      handle: ({ project, response }) =>
        sendPieces(response, exportJson(sessions.export(project)), { name: 'holdfast-sessions.json' }),
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/sessions/import',
      scope: 'operate',
      projects: 'one',
      tag: 'sessions',
      summary: 'Import sessions',
      description:
        'The body is an export, compressed or not, and is read as a stream. Sessions that exist are not changed.',
      streamsBody: true,
      answers: { 200: { description: 'The outcome for each session', schema: importReport } },
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
      handle: async ({ project, request }) => ({
        status: 200,
        body: await importSessions(request, sessions.creation, {
          project,
          maxBytes: config.limits.maxImportBytes,
          maxMetadataBytes: config.session.maxMetadataBytes,
          maxSystemBytes: maxSystemBytes(config),
        }),
      }),
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/sessions/cleanup',
      scope: 'operate',
      projects: 'one',
      tag: 'sessions',
      summary: 'Remove idle sessions',
      description: '0 removes every session that no call holds or waits for.',
      query: z.strictObject({
        max_age_hours: numberInQuery(z.number('takes a number').min(0).max(1_000_000)).default(24),
      }),
      answers: {
        200: { description: 'Removed', schema: sessionCleanup },
      },
      refusals: ['validation_failed', 'shutting_down', 'temporal_unavailable', 'payload_store_unavailable'],
      handle: async ({ query, project }) => {
        const { cleanedUp, remaining } = await sessions.cleanup(
          project,
          clock.now() - query.max_age_hours * 3_600_000,
        );
        return { status: 200, body: { cleaned_up: cleanedUp, remaining_sessions: remaining } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/sessions/{id}',
      scope: 'read',
      projects: 'one',
      tag: 'sessions',
      summary: 'Read a session',
      description:
        'Whole, with its oldest message first. With `before` or `limit`: a page, newest message first.',
      params: sessionParams,
      query: z.strictObject(pageQuery),
      answers: {
        200: {
          description: 'The session, or a page of it',
          schema: z.union([sessionPage, sessionDescription]),
        },
      },
      refusals: [
        'session_not_found',
        'validation_failed',
        'temporal_unavailable',
        'payload_store_unavailable',
      ],
      handle: ({ params, query, project, response }) => read(sessionIn(project, params.id), query, response),
    }),
    endpoint({
      method: 'delete',
      path: '/api/vps/sessions/{id}',
      scope: 'operate',
      projects: 'one',
      tag: 'sessions',
      summary: 'Delete a session',
      description:
        'Calls in flight end with session_stored false. The histories of its calls contain prompts, too: calls=true also deletes the calls that have ended, in Temporal and in the archive.',
      params: sessionParams,
      query: z.strictObject(deletion),
      answers: deletionAnswers,
      refusals: deletionRefusals,
      handle: ({ params, query, project }) => remove(sessionIn(project, params.id), query.calls),
    }),
    endpoint({
      method: 'delete',
      path: '/api/vps/sessions',
      scope: 'operate',
      projects: 'one',
      tag: 'sessions',
      summary: 'Delete the session named by id',
      description: 'Like `DELETE /sessions/{id}`, for ids that cannot be part of a path.',
      query: z.strictObject({ ...deletion, id: byId }),
      answers: deletionAnswers,
      refusals: deletionRefusals,
      handle: ({ query, project }) => remove(sessionIn(project, query.id), query.calls),
    }),
  ];
}

/** Refuses all projects: each may have a session of this id. */
function requireOne(project: string): string {
  if (project === allProjects) throw invalid('project', `name one project with \`id\`, not '${allProjects}'`);
  return project;
}

function detailsToWire(details: SessionDetails | undefined) {
  if (!details) return null;
  const { userId, totalMessages, lastActivity, isLive } = details;
  return {
    user_id: userId ?? null,
    total_messages: totalMessages,
    last_activity: lastActivity,
    live: isLive,
  };
}
