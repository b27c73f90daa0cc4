/** What answers hold: OpenAPI documents them from these; wire.ts makes them. */
import { z } from 'zod';
import { errorTypes } from '../domain/failures.ts';
import { callStatus } from './requests.ts';

export const errorType = z.enum(errorTypes as [string, ...string[]]).openapi('ErrorType');

export const isoTime = z.iso.datetime();
const attempt = z
  .object({
    agent: z.string(),
    status: z.enum(['ok', 'failed', 'skipped']),
    error_type: errorType.nullable(),
    error: z.string().nullable(),
    tries: z.number().int().openapi({ description: 'How often this agent was asked' }),
    latency_ms: z.number().nullable().openapi({
      description: 'All tries, backoff included; not the time that was lost with a worker',
    }),
    try_log: z.array(
      z.object({
        attempt: z.number().int(),
        error_type: errorType.nullable(),
        lost: z.boolean().openapi({ description: 'Its worker died or stopped before the agent answered' }),
        latency_ms: z.number(),
        first_byte_ms: z
          .number()
          .nullable()
          .openapi({ description: "To the response's headers; null where none came" }),
        at: isoTime,
      }),
    ),
  })
  .openapi('Attempt');

export const callFields = {
  call_id: z.string(),
  success: z.boolean().nullable().openapi({ description: 'null while the call runs' }),
  agent_name: z.string().openapi({ description: 'Who answered, or who was asked' }),
  response: z.string().nullable(),
  error: z.string().nullable(),
  error_type: errorType.nullable(),
  fallback_chain: z.array(z.string()).openapi({ description: 'Names in the order as executed' }),
  attempts: z.array(attempt),
  latency_ms: z
    .number()
    .nullable()
    .openapi({ description: 'Of a repeat with the same key: since the repeat' }),
  overhead_ms: z.number().nullable().openapi({
    description: 'latency_ms without agents and waiting for the turn; what a dead worker lost is in it',
  }),
  retried: z.boolean(),
  retry_count: z.number().int().openapi({ description: 'Failovers: agents asked beyond the first' }),
  session_stored: z
    .boolean()
    .nullable()
    .openapi({ description: 'null without a session; false if it was deleted meanwhile' }),
};
export const nullableText = z.string().nullable();

export const callAnswer = z.object(callFields).openapi('CallAnswer');
export const callAccepted = z.object({ call_id: z.string(), status: callStatus }).openapi('CallAccepted');
export const agentDescription = z
  .object({
    name: z.string(),
    host: z.string(),
    port: z.number().int(),
    protocol: z.enum(['http', 'https']),
    url: z.string(),
    path: z.string(),
    timeout_seconds: z.number(),
    max_retries: z.number().int(),
    max_concurrency: z.number().int().nullable(),
    fallback_agents: z.array(z.string()),
    history: z.enum(['window', 'none']),
    expect: z
      .object({
        min_length: z.number().int().nullable(),
        json_schema: z.record(z.string(), z.unknown()).nullable(),
        deny_regex: nullableText,
      })
      .nullable(),
    health_path: nullableText,
    has_auth_token: z.boolean(),
  })
  .openapi('Agent');

const message = z.object({
  timestamp: isoTime,
  role: z.enum(['user', 'assistant', 'system']),
  content: z.string(),
  agent: nullableText,
  call_id: nullableText,
  failed: z.boolean(),
  lost: z
    .literal(true)
    .optional()
    .openapi({ description: 'Lost in the payload store: a note stands in its place' }),
});
export const sessionDescription = z
  .object({
    session_id: z.string(),
    user_id: nullableText,
    created_at: isoTime,
    last_activity: isoTime,
    messages: z.array(message),
    metadata: z.record(z.string(), z.unknown()),
  })
  .openapi('Session');
export const importReport = z
  .object({
    imported: z.number().int(),
    skipped: z
      .array(z.string())
      .openapi({ description: 'Ids that exist already; they were left as they are' }),
    invalid: z.array(z.object({ session_id: z.string(), error: z.string() })),
  })
  .openapi('ImportReport');

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    error_type: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem');
