/** What requests about sessions may hold. */
import { listOf, metadataRecord } from './bounds.ts';
import { id } from './ids.ts';
import { z } from './zod.ts';

/** More lenient than what we write: files of other gateways are imported too. */
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
      lost: z.boolean().optional(),
    }),
  ),
  metadata: metadataRecord.default({}),
});
