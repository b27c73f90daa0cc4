import { z } from 'zod';
import { Refusal } from '../../domain/failures.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { endpoint, type Endpoint } from '../endpoint.ts';
import { importReport, sessionDescription } from '../answer-schemas.ts';
import { cursorQuery, id, numberInQuery } from '../schemas.ts';
import { importSessions } from '../session-import.ts';
import { sendPieces } from '../send-pieces.ts';
import { exportJson, sessionJson } from '../session-json.ts';

const sessionParams = z.object({ id });
const exportFile = z
  .object({
    exported_at: z.iso.datetime(),
    total_sessions: z.number().int(),
    sessions: z.record(z.string(), sessionDescription),
    incomplete_sessions: z
      .array(z.string())
      .optional()
      .openapi({ description: 'Those with lost messages, which are marked; at most 10,000 are named' }),
  })
  .openapi('SessionExport');

export function sessionEndpoints({ sessions, clock, config }: ApiDependencies): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/api/vps/sessions',
      tag: 'sessions',
      summary: 'List sessions',
      description: 'May lag a new session by up to seconds.',
      query: z.strictObject(cursorQuery),
      answers: {
        200: {
          description: 'One page',
          schema: z.object({
            sessions: z.array(z.object({ session_id: z.string() })),
            next_cursor: z.string().nullable(),
          }),
        },
      },
      refusals: ['validation_failed', 'temporal_unavailable'],
      handle: async ({ query }) => {
        const page = await sessions.list(query);
        return {
          status: 200,
          body: {
            sessions: page.items.map((session_id) => ({ session_id })),
            next_cursor: page.nextCursor ?? null,
          },
        };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/sessions/export',
      tag: 'sessions',
      summary: 'Export all sessions',
      answers: { 200: { description: 'A stream; import takes it', schema: exportFile } },
      refusals: ['temporal_unavailable', 'payload_store_unavailable'],
      handle: ({ response }) =>
        sendPieces(response, exportJson(sessions.export()), { name: 'holdfast-sessions.json' }),
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/sessions/import',
      tag: 'sessions',
      summary: 'Import sessions',
      description: 'Takes an export as a stream. Sessions that exist are left as they are.',
      streamsBody: true,
      answers: { 200: { description: 'What became of each', schema: importReport } },
      refusals: [
        'invalid_json',
        'body_too_large',
        'unsupported_media_type',
        'shutting_down',
        'temporal_unavailable',
        'disk_full',
        'payload_store_unavailable',
      ],
      handle: async ({ request }) => ({
        status: 200,
        body: await importSessions(request, sessions, {
          maxBytes: config.limits.maxImportBytes,
          maxMetadataBytes: config.session.maxMetadataBytes,
        }),
      }),
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/sessions/cleanup',
      tag: 'sessions',
      summary: 'Remove idle sessions',
      description: '0 removes every session that no call holds or waits for.',
      query: z.strictObject({
        max_age_hours: numberInQuery(z.number('takes a number').min(0).max(1_000_000)).default(24),
      }),
      answers: {
        200: {
          description: 'Removed',
          schema: z.object({ cleaned_up: z.number().int(), remaining_sessions: z.number().int() }),
        },
      },
      refusals: ['validation_failed', 'shutting_down', 'temporal_unavailable', 'payload_store_unavailable'],
      handle: async ({ query }) => {
        const { cleanedUp, remaining } = await sessions.cleanup(
          clock.now() - query.max_age_hours * 3_600_000,
        );
        return { status: 200, body: { cleaned_up: cleanedUp, remaining_sessions: remaining } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/sessions/{id}',
      tag: 'sessions',
      summary: 'Read a session',
      params: sessionParams,
      answers: { 200: { description: 'Whole, in order', schema: sessionDescription } },
      refusals: ['session_not_found', 'temporal_unavailable', 'payload_store_unavailable'],
      handle: async ({ params, response }) => {
        const session = await sessions.read(params.id);
        if (!session) throw noSuchSession(params.id);
        return sendPieces(response, sessionJson(session));
      },
    }),
    endpoint({
      method: 'delete',
      path: '/api/vps/sessions/{id}',
      tag: 'sessions',
      summary: 'Delete a session',
      description:
        'Calls under way end with session_stored false. Prompts also live in the histories of its calls: calls=true deletes those that have ended too, in the archive as well.',
      params: sessionParams,
      query: z.strictObject({ calls: z.enum(['true', 'false']).default('false') }),
      answers: {
        202: {
          description: 'Nobody sees it any more; what is left of it goes as soon as its store allows',
          schema: z.object({ session_id: z.string(), status: z.literal('deleting') }),
        },
        204: { description: 'Deleted' },
      },
      refusals: [
        'session_not_found',
        'validation_failed',
        'shutting_down',
        'temporal_unavailable',
        'payload_store_unavailable',
      ],
      handle: async ({ params: { id: session_id }, query }) => {
        const removal = await sessions.remove(session_id, { withCalls: query.calls === 'true' });
        if (removal === 'missing') throw noSuchSession(session_id);
        if (removal === 'deleted') return { status: 204 };
        return { status: 202, body: { session_id, status: 'deleting' } };
      },
    }),
  ];
}

function noSuchSession(sessionId: string): Refusal {
  return new Refusal('session_not_found', `Session '${sessionId}' does not exist`);
}
