/** Schemas of requests about sessions. */
import { listOf, metadataRecord } from './bounds.ts';
import { id, newId } from './ids.ts';
import { z } from './zod.ts';

/**
 * One session of an import. The schema is more lenient than our exports, because files of other gateways can be imported too.
 */
export const importedSession = z.strictObject({
  session_id: id.optional(),
  user_id: id.nullish(),
  created_at: z.iso.datetime({ offset: true }),
  last_activity: z.iso.datetime({ offset: true }),
  messages: listOf(
    z.strictObject({
      timestamp: z.iso.datetime({ offset: true }),
      role: z.enum(['user', 'assistant', 'system']),
      content: z.string(),
      agent: id.nullish(),
      call_id: id.nullish(),
      failed: z.boolean().optional(),
      superseded_by: id.optional(),
      lost: z.boolean().optional(),
    }),
  ),
  metadata: metadataRecord.default({}),
});

/** The body of a fork. */
export const forkRequest = z
  .strictObject({
    session_id: newId.nullish().openapi({ description: 'Id of the new session; default: a generated one' }),
    before: z.number().int().min(0).nullish().openapi({
      description:
        'Take along only the messages before the one with this number, as `before` of a page. It may not divide the messages of one call. Default: all',
    }),
  })
  .openapi('SessionForkRequest');
