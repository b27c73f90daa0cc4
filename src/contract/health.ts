/** Schemas of answers about health. */
import type { AnswerOf } from './types-of.ts';
import { agentPause } from './agents.ts';
import { errorType, isoTime, wholeNumber as figure } from './fields.ts';
import { z } from './zod.ts';

export const agentHealthDescription = z
  .object({
    agent_name: z.string(),
    status: z.enum(['healthy', 'degraded', 'unhealthy', 'unreachable']),
    success_rate: z.number().openapi({ description: 'Percent, over the last 50 outcomes within 15 minutes' }),
    recent_requests: figure.openapi({
      description:
        'How many outcomes success_rate is computed from. Without any it is 100, which means nothing',
    }),
    total_requests: figure,
    total_failures: figure,
    consecutive_failures: figure,
    last_success_at: isoTime.nullable(),
    last_failure_at: isoTime.nullable(),
    last_error_type: errorType.nullable(),
    error_metrics: z.record(z.string(), figure),
    circuit: z.enum(['closed', 'open', 'half_open']),
    circuit_open_until: isoTime.nullable(),
    paused: agentPause.nullable().openapi({ description: 'null: the agent is in rotation' }),
    latencies_ms: z.array(figure).openapi({
      description:
        'Of the last 50 answered calls, oldest first; with more than 500 agents at least of the last 25',
    }),
    latency_p50_ms: figure.nullable().openapi({ description: 'Of latencies_ms; null when there are none' }),
    latency_p95_ms: figure.nullable(),
    recent_errors: z
      .array(z.object({ at: isoTime, error_type: errorType, call_id: z.string().nullable() }))
      .openapi({
        description: 'The last 10 failed calls, newest first; with more than 500 agents at least the last 3',
      }),
  })
  .openapi('AgentHealth');

export const healthOverview = z
  .object({
    total_agents: figure,
    healthy_agents: figure,
    degraded_agents: figure,
    unhealthy_agents: figure,
    unreachable_agents: figure,
    paused_agents: figure,
    total_requests: figure,
    total_failures: figure,
    error_rate: z.number().openapi({ description: 'Percent' }),
    error_metrics: z.record(z.string(), figure),
    agents: z.array(agentHealthDescription).optional().openapi({ description: 'With details=true' }),
  })
  .openapi('HealthOverview');

/** The result of a probe on demand. */
export const probeReport = z
  .object({
    agent_name: z.string(),
    ok: z.boolean(),
    status_code: figure.nullable().openapi({ description: 'null if no health path answered' }),
    error_type: errorType.nullable(),
    error: z.string().nullable(),
    latency_ms: figure,
    health: agentHealthDescription,
  })
  .openapi('ProbeReport');

/** The status of the gateway as a whole, without details. */
export const gatewayStatus = z.object({
  status: z.enum(['operational', 'degraded']),
  agents: figure,
  healthy_agents: figure,
  unhealthy_agents: figure,
  sessions: figure,
});

export type AgentHealth = AnswerOf<typeof agentHealthDescription>;
export type HealthOverview = AnswerOf<typeof healthOverview>;
/** The overview with `details=true`. */
export type DetailedHealth = HealthOverview & { readonly agents: readonly AgentHealth[] };
export type ProbeReport = AnswerOf<typeof probeReport>;
