/** Converts health to the API's form. */
import type { ProbeResult } from '../../agents/probes/probe-agent.ts';
import type { AgentPause } from '../../domain/agent-pause.ts';
import type { Circuit } from '../../domain/circuit.ts';
import type * as wire from '../../contract/health.ts';
import { healthStatus, recentRequests, successRate, type AgentHealth } from '../../domain/health.ts';
import { allProjects, projectOf } from '../../domain/project.ts';
import { percentile } from '../../domain/percentile.ts';
import { iso, isoOrNull } from '../calls/wire.ts';
import { pauseToWire } from './agent-wire.ts';

/** The health of one agent, in the API's form. Calls of other projects than `project` are not named. */
export function agentHealthToWire(
  name: string,
  project: string,
  health: AgentHealth,
  { circuit, pause }: { readonly circuit: Circuit; readonly pause: AgentPause | undefined },
  nowMs: number,
): wire.AgentHealth {
  const { latencies = [], recentErrors = [] } = health;
  return {
    agent_name: name,
    status: healthStatus(health, nowMs),
    success_rate: percent(successRate(health, nowMs)),
    recent_requests: recentRequests(health, nowMs),
    total_requests: health.totalRequests,
    total_failures: health.totalFailures,
    consecutive_failures: health.consecutiveFailures,
    last_success_at: isoOrNull(health.lastSuccessAt),
    last_failure_at: isoOrNull(health.lastFailureAt),
    last_error_type: health.lastErrorType ?? null,
    error_metrics: health.errorCounts,
    circuit: circuit.state,
    circuit_open_until: circuit.state === 'open' ? isoOrNull(circuit.until) : null,
    paused: pauseToWire(pause),
    latencies_ms: latencies,
    latency_p50_ms: percentile(latencies, 50) ?? null,
    latency_p95_ms: percentile(latencies, 95) ?? null,
    recent_errors: recentErrors
      .map(({ at, type, callId }) => ({
        at: iso(at),
        error_type: type,
        call_id: project === allProjects || projectOf(callId) === project ? callId : null,
      }))
      .reverse(),
  };
}

/** The result of a probe, in the API's form. */
export function probeToWire({
  outcome,
  statusCode,
  error,
  latencyMs,
}: ProbeResult): Omit<wire.ProbeReport, 'health'> {
  return {
    agent_name: outcome.agent,
    ok: outcome.errorType === undefined,
    status_code: statusCode ?? null,
    error_type: outcome.errorType ?? null,
    error: error ?? null,
    latency_ms: latencyMs,
  };
}

/** Rounds a percentage (0 to 100) to at most two decimals. */
export function percent(value: number): number {
  return Math.round(value * 100) / 100;
}
