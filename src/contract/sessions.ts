/** Schemas of answers about sessions. */
import type { AnswerOf } from './types-of.ts';
import { isoTime, nullableText, wholeNumber } from './fields.ts';
import { z } from './zod.ts';

/** One part of a message. */
export const contentPart = z
  .strictObject({ type: z.literal('text'), text: z.string() })
  .openapi('ContentPart');

const message = z.object({
  timestamp: isoTime,
  role: z.enum(['user', 'assistant', 'system']),
  content: z.string(),
  parts: z
    .array(contentPart)
    .optional()
    .openapi({ description: 'What `content` is made of, if the message was appended in several parts' }),
  agent: nullableText,
  call_id: nullableText,
  failed: z.boolean(),
  superseded_by: z
    .string()
    .optional()
    .openapi({ description: 'The call that interrupted this one (`when_busy`); only if failed' }),
  lost: z
    .literal(true)
    .optional()
    .openapi({ description: 'The text was lost in the payload store; a note stands for it' }),
});
const windowLimits = z.object({ turns: wholeNumber.optional(), characters: wholeNumber.optional() });

export const sessionDescription = z
  .object({
    session_id: z.string(),
    user_id: nullableText,
    created_at: isoTime,
    last_activity: isoTime,
    system: z
      .string()
      .optional()
      .openapi({ description: 'The system prompt: the first message of every window. Absent without one' }),
    window: windowLimits.optional().openapi({
      description: "The session's own limits of its window. Absent without them",
    }),
    messages: z.array(message),
    metadata: z.record(z.string(), z.unknown()),
  })
  .openapi('Session');
/** One page of a session's messages. */
export const sessionPage = sessionDescription
  .extend({
    messages: z.array(message).openapi({ description: 'Newest first' }),
    total_messages: wholeNumber.openapi({ description: 'How many messages the whole session has' }),
    next_before: wholeNumber
      .nullable()
      .openapi({ description: '`before` of the next page; null if this page has the oldest message' }),
  })
  .openapi('SessionPage');
export const importReport = z
  .object({
    imported: z.number().int(),
    skipped: z
      .array(z.string())
      .openapi({ description: 'Ids of sessions that existed already and were not changed' }),
    invalid: z.array(z.object({ session_id: z.string(), error: z.string() })),
  })
  .openapi('ImportReport');

export const sessionList = z
  .object({
    sessions: z.array(
      z.object({
        session_id: z.string(),
        project: z.string(),
        details: z
          .object({
            user_id: nullableText,
            total_messages: wholeNumber,
            last_activity: isoTime,
            live: z.boolean().openapi({ description: 'Whether a call has the turn' }),
          })
          .nullable()
          .optional()
          .openapi({
            description: 'Only with `include=details`. null: the session could not be read just now',
          }),
      }),
    ),
    next_cursor: z.string().nullable(),
  })
  .openapi('SessionList');

export const sessionExport = z
  .object({
    exported_at: z.iso.datetime(),
    total_sessions: z.number().int(),
    sessions: z.record(z.string(), sessionDescription),
    incomplete_sessions: z
      .array(z.string())
      .optional()
      .openapi({ description: 'Ids of sessions with lost messages, which are marked; at most 10,000 ids' }),
  })
  .openapi('SessionExport');

export const sessionFork = z
  .object({
    session_id: z.string().openapi({ description: 'The new session' }),
    total_messages: wholeNumber.openapi({ description: 'How many messages it has' }),
  })
  .openapi('SessionFork');

export const sessionAppended = z
  .object({
    session_id: z.string(),
    total_messages: wholeNumber.openapi({ description: 'How many messages the session has now' }),
    repeated: z
      .boolean()
      .openapi({ description: 'Whether an earlier request with this key had appended the messages' }),
  })
  .openapi('SessionAppended');

export const sessionSettings = z
  .object({ session_id: z.string(), system: nullableText, window: windowLimits.nullable() })
  .openapi('SessionSettings');

export const sessionDeletion = z.object({ session_id: z.string(), status: z.literal('deleting') });
export const sessionCleanup = z.object({ cleaned_up: wholeNumber, remaining_sessions: wholeNumber });

export type Message = AnswerOf<typeof message>;
export type Session = AnswerOf<typeof sessionDescription>;
export type SessionPage = AnswerOf<typeof sessionPage>;
export type SessionList = AnswerOf<typeof sessionList>;
export type SessionFork = AnswerOf<typeof sessionFork>;
export type SessionAppended = AnswerOf<typeof sessionAppended>;
export type SessionSettings = AnswerOf<typeof sessionSettings>;
export type ImportReport = AnswerOf<typeof importReport>;
