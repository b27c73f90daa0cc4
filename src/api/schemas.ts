/** The wire's shapes: what requests may hold (validated by these) and what answers hold (documented by these). */
import { extendZodWithOpenApi } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { errorTypes } from '../domain/failures.ts';
import { jsonBytes } from '../domain/json-bytes.ts';
import type { Config } from '../platform/config.ts';

extendZodWithOpenApi(z);

const maxIdLength = 128;
const maxMetadataDepth = 32;

/** Names and ids: any printable text, since clients of old sent any. */
export const id = z
  .string()
  .min(1)
  .max(maxIdLength)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'no control characters')
  .refine((text) => text.trim() === text, 'no spaces at the ends');

export const errorType = z.enum(errorTypes as [string, ...string[]]).openapi('ErrorType');

const path = z
  .string()
  .max(1_024)
  .regex(/^\/[\x21-\x7e]*$/, 'a path that begins with / and is percent-encoded');

export const cursorQuery = {
  cursor: z.string().max(4_096).optional().openapi({ description: 'next_cursor of the page before' }),
  limit: z.coerce.number().int().min(1).max(200).default(50),
};

export function createSchemas({ limits }: Pick<Config, 'limits'>) {
  const metadata = z
    .record(z.string(), z.unknown())
    .refine((value) => !deeperThan(value, maxMetadataDepth), `at most ${maxMetadataDepth} levels`)
    .refine(
      (value) => jsonBytes(JSON.stringify(value)) <= limits.maxMetadataBytes,
      `at most ${limits.maxMetadataBytes} bytes as JSON`,
    );
  const call = z
    .strictObject({
      agent_name: id.openapi({ description: 'A registered agent' }),
      prompt: z
        .string()
        .min(1)
        .refine(
          (text) => jsonBytes(text) <= limits.maxPromptBytes,
          `at most ${limits.maxPromptBytes} bytes as JSON in UTF-8`,
        ),
      session_id: id.nullish().openapi({ description: 'Continues this session, or begins it' }),
      user_id: id.nullish(),
      metadata: metadata.nullish().openapi({ description: "Merged into the session's metadata" }),
      deadline_seconds: z
        .number()
        .positive()
        .max(limits.maxDeadlineMs / 1_000)
        .nullish()
        .openapi({
          description: `Default ${limits.deadlineMs / 1_000}; waiting for the session's turn included`,
        }),
    })
    .openapi('CallRequest');
  return { call, metadata };
}

export const registration = z
  .strictObject({
    name: id,
    host: z.string().min(1).max(255).openapi({
      description: 'Host name or IP address; link-local and cloud metadata addresses are refused',
    }),
    port: z.number().int().min(1).max(65_535),
    protocol: z.enum(['http', 'https']).default('http'),
    auth_token: z
      .string()
      .min(1)
      .max(4_096)
      .regex(/^[\x21-\x7e]+$/, 'printable ASCII without spaces')
      .nullish()
      .openapi({ description: 'Sent as a Bearer token; sealed at rest, never shown again' }),
    timeout_seconds: z.number().positive().max(3_600).default(30),
    max_retries: z.number().int().min(0).max(10).default(3),
    fallback_agents: z.array(id).max(20).default([]),
    path: path.default('/v1/messages'),
    history: z
      .enum(['window', 'none'])
      .default('window')
      .openapi({ description: "none: the prompt alone, without the session's recent messages" }),
    health_path: path.nullish().openapi({ description: 'A free GET to probe now and then' }),
  })
  .openapi('AgentRegistration');

/** Iterative: a hostile body may be nested deeper than the stack. */
function deeperThan(value: unknown, levels: number): boolean {
  let layer: unknown[] = [value];
  for (let depth = 0; layer.length > 0; depth++) {
    if (depth > levels) return true;
    layer = layer.flatMap((one): unknown[] =>
      typeof one === 'object' && one !== null ? Object.values(one) : [],
    );
  }
  return false;
}

const isoTime = z.iso.datetime();
const attempt = z
  .object({
    agent: z.string(),
    status: z.enum(['ok', 'failed', 'skipped']),
    error_type: errorType.nullable(),
    error: z.string().nullable(),
    tries: z.number().int().openapi({ description: 'How often this agent was asked' }),
    latency_ms: z.number().nullable().openapi({ description: 'All tries, backoff included' }),
    try_log: z.array(
      z.object({
        attempt: z.number().int(),
        error_type: errorType.nullable(),
        lost: z.boolean().openapi({ description: 'Its worker died or stopped before the agent answered' }),
        latency_ms: z.number(),
        at: isoTime,
      }),
    ),
  })
  .openapi('Attempt');

const callFields = {
  call_id: z.string(),
  success: z.boolean().nullable().openapi({ description: 'null while the call runs' }),
  agent_name: z.string().openapi({ description: 'Who answered, or who was asked' }),
  response: z.string().nullable(),
  error: z.string().nullable(),
  error_type: errorType.nullable(),
  fallback_chain: z.array(z.string()).openapi({ description: 'Names in the order as executed' }),
  attempts: z.array(attempt),
  latency_ms: z.number().nullable(),
  overhead_ms: z
    .number()
    .nullable()
    .openapi({ description: 'latency_ms without agents and waiting for the turn' }),
  retried: z.boolean(),
  retry_count: z.number().int().openapi({ description: 'Failovers: agents asked beyond the first' }),
  session_stored: z
    .boolean()
    .nullable()
    .openapi({ description: 'null without a session; false if it was deleted meanwhile' }),
};
const callStatus = z.enum(['running', 'completed', 'failed', 'cancelled']).openapi('CallStatus');
const nullableText = z.string().nullable();

export const callAnswer = z.object(callFields).openapi('CallAnswer');
export const callAccepted = z.object({ call_id: z.string(), status: callStatus }).openapi('CallAccepted');
export const callDescription = z
  .object({
    ...callFields,
    status: callStatus,
    session_id: nullableText,
    user_id: nullableText,
    started_at: isoTime,
    ended_at: isoTime.nullable(),
    rerun_of: nullableText,
  })
  .openapi('CallDescription');
export const callList = z
  .object({
    calls: z.array(
      z.object({
        call_id: z.string(),
        status: callStatus,
        agent_name: z.string(),
        answered_by: nullableText,
        error_type: errorType.nullable(),
        session_id: nullableText,
        user_id: nullableText,
        started_at: isoTime,
        ended_at: isoTime.nullable(),
        rerun_of: nullableText,
      }),
    ),
    next_cursor: nullableText,
  })
  .openapi('CallList');
export const callListQuery = z.strictObject({
  status: callStatus.optional(),
  agent: id.optional(),
  session: id.optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  ...cursorQuery,
});

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
    fallback_agents: z.array(z.string()),
    history: z.enum(['window', 'none']),
    health_path: nullableText,
    has_auth_token: z.boolean(),
  })
  .openapi('Agent');

const healthStatus = z.enum(['healthy', 'degraded', 'unhealthy', 'unreachable']);
export const agentHealthDescription = z
  .object({
    agent_name: z.string(),
    status: healthStatus,
    success_rate: z.number().openapi({ description: 'Percent, over the last 50 outcomes within 15 minutes' }),
    total_requests: z.number().int(),
    total_failures: z.number().int(),
    consecutive_failures: z.number().int(),
    last_success_at: isoTime.nullable(),
    last_failure_at: isoTime.nullable(),
    last_error_type: errorType.nullable(),
    error_metrics: z.record(z.string(), z.number().int()),
    circuit: z.enum(['closed', 'open', 'half_open']),
    circuit_open_until: isoTime.nullable(),
  })
  .openapi('AgentHealth');
export const healthOverview = z
  .object({
    total_agents: z.number().int(),
    healthy_agents: z.number().int(),
    degraded_agents: z.number().int(),
    unhealthy_agents: z.number().int(),
    unreachable_agents: z.number().int(),
    total_requests: z.number().int(),
    total_failures: z.number().int(),
    error_rate: z.number().openapi({ description: 'Percent' }),
    error_metrics: z.record(z.string(), z.number().int()),
  })
  .openapi('HealthOverview');

const message = z.object({
  timestamp: isoTime,
  role: z.enum(['user', 'assistant', 'system']),
  content: z.string(),
  agent: nullableText,
  call_id: nullableText,
  failed: z.boolean(),
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
/** More lenient than what we write: files of other gateways are imported too. */
export const importedSession = z.strictObject({
  session_id: id.optional(),
  user_id: id.nullish(),
  created_at: z.iso.datetime({ offset: true }),
  last_activity: z.iso.datetime({ offset: true }),
  messages: z.array(
    z.strictObject({
      timestamp: z.iso.datetime({ offset: true }),
      role: z.enum(['user', 'assistant', 'system']),
      content: z.string(),
      agent: id.nullish(),
      call_id: id.nullish(),
      failed: z.boolean().optional(),
    }),
  ),
  metadata: z.record(z.string(), z.unknown()).default({}),
});
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
