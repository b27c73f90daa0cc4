/** Schemas of requests about sessions. */
import { jsonBytes } from '../domain/json-bytes.ts';
import { listOf, metadataRecord, noLargerThan, shortListOf } from './bounds.ts';
import { promptAndDeadline, type RequestLimits } from './call-requests.ts';
import { id, newId } from './ids.ts';
import { contentPart } from './sessions.ts';
import type { RequestOf } from './types-of.ts';
import { z } from './zod.ts';

/** The most parts of one message, and of all messages of an append. Many small ones take much more room than their texts. */
const maxParts = 100;
const maxAppendedParts = 1_000;

/** The session's own limits of its window. */
const windowLimits = z
  .strictObject({
    turns: z.number().int().min(0).max(1_000).optional().openapi({
      description: 'Only the newest turns, this many. A turn begins with a user message',
    }),
    characters: z
      .number()
      .int()
      .min(0)
      .max(64 * 1024 * 1024)
      .optional()
      .openapi({ description: 'Only the newest messages with at most this many Unicode characters' }),
  })
  .refine(({ turns, characters }) => turns !== undefined || characters !== undefined, {
    error: 'takes turns, characters or both',
  });

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
      parts: shortListOf(maxParts, contentPart).optional(),
      agent: id.nullish(),
      call_id: id.nullish(),
      failed: z.boolean().optional(),
      superseded_by: id.optional(),
      lost: z.boolean().optional(),
    }),
  ),
  metadata: metadataRecord.default({}),
  system: z.string().min(1).nullish(),
  window: windowLimits.nullish(),
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

export type SessionForkRequest = RequestOf<typeof forkRequest>;

/** The most messages of one append. A body of the largest size may have millions. */
const maxAppended = 100;

/** The body of a request that appends messages. */
export function appendRequest(limits: RequestLimits) {
  const { prompt } = promptAndDeadline(limits);
  const parts = shortListOf(maxParts, contentPart.extend({ text: prompt })).refine(
    (list) => list.reduce((sum, { text }) => sum + jsonBytes(text), 0) <= limits.maxPromptBytes,
    `at most ${limits.maxPromptBytes} bytes of texts as JSON in UTF-8`,
  );
  const message = z
    .strictObject({
      role: z.enum(['user', 'assistant', 'system']),
      content: prompt
        .optional()
        .openapi({ description: 'What the message says; required unless `parts` is given' }),
      parts: parts
        .optional()
        .openapi({ description: 'Instead of `content`: what the message says, in parts' }),
      agent: id.nullish().openapi({ description: 'Who said it; only with the role assistant' }),
    })
    .refine(({ role, agent }) => agent == null || role === 'assistant', {
      path: ['agent'],
      error: 'only with the role assistant',
    })
    .refine(({ content, parts: its }) => (content === undefined) !== (its === undefined), {
      path: ['content'],
      error: 'takes either content or parts',
    });
  return z
    .strictObject({
      messages: shortListOf(maxAppended, message).refine(
        (list) => list.reduce((sum, one) => sum + (one.parts?.length ?? 1), 0) <= maxAppendedParts,
        `at most ${maxAppendedParts} parts in all`,
      ),
      user_id: id.nullish().openapi({ description: 'The user of the session, if it has none yet' }),
      metadata: noLargerThan(limits.maxMetadataBytes, metadataRecord)
        .nullish()
        .openapi({ description: "Merged into the session's metadata" }),
    })
    .openapi('SessionAppendRequest');
}

/** The error of a system prompt that is larger than `maxBytes`. */
export const tooLargeSystem = (maxBytes: number): string =>
  `at most ${maxBytes} bytes as JSON in UTF-8 (the lesser of HOLDFAST_MAX_PROMPT_BYTES and HOLDFAST_WINDOW_BYTES)`;

/** The body of a change of a session's settings. `maxSystemBytes` is the largest system prompt, as JSON in UTF-8. */
export function settingsRequest(maxSystemBytes: number) {
  return z
    .strictObject({
      system: z
        .string()
        .min(1)
        .refine((text) => jsonBytes(text) <= maxSystemBytes, tooLargeSystem(maxSystemBytes))
        .nullish()
        .openapi({ description: 'The system prompt, the first message of every window; null removes it' }),
      window: windowLimits.nullish().openapi({
        description:
          'Narrows the window further than HOLDFAST_WINDOW_MESSAGES and HOLDFAST_WINDOW_BYTES. Replaces both limits; null removes them',
      }),
    })
    .refine(({ system, window }) => system !== undefined || window !== undefined, {
      error: 'takes system, window or both',
    })
    .openapi('SessionSettingsRequest');
}
