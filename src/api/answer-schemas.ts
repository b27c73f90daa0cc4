/** What answers hold: OpenAPI documents them from these; wire.ts makes them. */
import { z } from 'zod';
import { errorTypes } from '../domain/failures.ts';
import { callStatus } from './schemas.ts';

export const errorType = z.enum(errorTypes as [string, ...string[]]).openapi('ErrorType');

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
const nullableText = z.string().nullable();

export const callAnswer = z.object(callFields).openapi('CallAnswer');
export const callAccepted = z.object({ call_id: z.string(), status: callStatus }).openapi('CallAccepted');
export const callDescription = z
  .object({
    ...callFields,
    status: callStatus,
    answered_by: nullableText,
    session_id: nullableText,
    user_id: nullableText,
    started_at: isoTime,
    ended_at: isoTime.nullable(),
    rerun_of: nullableText,
  })
  .openapi('CallDescription');
export const callSummary = z
  .object({
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
  })
  .openapi('CallSummary');
export const callList = z
  .object({ calls: z.array(callSummary), next_cursor: nullableText })
  .openapi('CallList');

const batchFields = {
  batch_id: z.string(),
  status: z.enum(['running', 'completed', 'cancelled', 'failed']),
  filter: z.record(z.string(), z.string()),
  overrides: z.object({
    agent_name: nullableText,
    fallback_agents: z.array(z.string()).nullable(),
    deadline_seconds: z.number().nullable(),
    from: z.enum(['start', 'failed_agent']).nullable(),
    own_prompt: z.boolean(),
  }),
  total: z.number().int(),
  done: z.number().int(),
  now_succeeded: z.number().int(),
  failed_again: z.number().int(),
  skipped: z.number().int(),
  started_at: isoTime,
  ended_at: isoTime.nullable(),
};
const batchSummary = z.object(batchFields).openapi('RerunBatch');
export const batchList = z
  .object({ batches: z.array(batchSummary), next_cursor: nullableText })
  .openapi('RerunBatchList');
export const batchDescription = z
  .object({
    ...batchFields,
    items: z.array(
      z.object({
        call_id: z.string(),
        rerun_id: nullableText,
        outcome: z.enum(['pending', 'running', 'succeeded', 'failed', 'skipped']),
        error_type: errorType.nullable(),
        reason: nullableText,
      }),
    ),
  })
  .openapi('RerunBatchDescription');
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
