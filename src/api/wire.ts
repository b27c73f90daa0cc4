/** The one border where Holdfast's own shapes become the wire's snake_case. Values without meaning are null. */
import type { CallEnding } from '../client/call-ending.ts';
import type { CallDescription } from '../client/call-records.ts';
import type { CallSummary } from '../client/call-summary.ts';
import { agentUrl, type AgentConfig } from '../domain/agent.ts';
import type { Attempt, Try } from '../domain/call.ts';

export const isoOrNull = (at: Date | number | undefined): string | null =>
  at === undefined ? null : new Date(at).toISOString();

export function callAnswerToWire(callId: string, agentAsked: string, ending: CallEnding, latencyMs: number) {
  const { attempts = [], chain = [], queuedMs = 0 } = ending;
  const asked = attempts.filter((attempt) => attempt.status !== 'skipped');
  const agentsMs = asked.reduce((sum, attempt) => sum + attempt.latencyMs, 0);
  const failovers = Math.max(0, asked.length - 1);
  const answered = ending.status === 'completed';
  return {
    call_id: callId,
    success: answered,
    agent_name: answered ? ending.agentName : agentAsked,
    response: answered ? ending.response : null,
    error: answered ? null : ending.error,
    error_type: answered ? null : ending.errorType,
    fallback_chain: chain,
    attempts: attempts.map(attemptToWire),
    latency_ms: Math.round(latencyMs),
    overhead_ms: Math.max(0, Math.round(latencyMs - agentsMs - queuedMs)),
    retried: failovers > 0,
    retry_count: failovers,
    session_stored: ending.sessionStored ?? null,
  };
}

export function callDescriptionToWire(call: CallDescription) {
  const latencyMs = (call.endedAt ?? new Date()).getTime() - call.startedAt.getTime();
  const { agent_name: asked, ...summary } = callSummaryToWire(call);
  const answer = call.ending
    ? callAnswerToWire(call.callId, asked, call.ending, latencyMs)
    : {
        call_id: call.callId,
        success: null,
        agent_name: asked,
        response: null,
        error: null,
        error_type: null,
        fallback_chain: call.progress?.chain ?? [],
        attempts: call.progress?.attempts.map(attemptToWire) ?? [],
        latency_ms: null,
        overhead_ms: null,
        retried: false,
        retry_count: 0,
        session_stored: null,
      };
  return { ...summary, ...answer };
}

export function callSummaryToWire(call: CallSummary) {
  return {
    call_id: call.callId,
    status: call.status,
    agent_name: call.agentAsked,
    answered_by: call.answeredBy ?? null,
    error_type: call.errorType ?? null,
    session_id: call.sessionId ?? null,
    user_id: call.userId ?? null,
    started_at: call.startedAt.toISOString(),
    ended_at: isoOrNull(call.endedAt),
    rerun_of: call.rerunOf ?? null,
  };
}

function attemptToWire(attempt: Attempt) {
  const failed = attempt.status === 'failed';
  const skipped = attempt.status === 'skipped';
  return {
    agent: attempt.agent,
    status: attempt.status,
    error_type: failed ? attempt.errorType : null,
    error: attempt.status === 'ok' ? null : attempt.error,
    tries: skipped ? 0 : attempt.tries.length,
    latency_ms: skipped ? null : attempt.latencyMs,
    try_log: skipped ? [] : attempt.tries.map(tryToWire),
  };
}

function tryToWire({ attempt, errorType, lost, latencyMs, at }: Try) {
  return { attempt, error_type: errorType ?? null, lost: lost ?? false, latency_ms: latencyMs, at };
}

/** Never the token, sealed or not (I5). */
export function agentToWire(agent: AgentConfig) {
  return {
    name: agent.name,
    host: agent.host,
    port: agent.port,
    protocol: agent.protocol,
    url: agentUrl(agent),
    path: agent.path,
    timeout_seconds: agent.timeoutMs / 1_000,
    max_retries: agent.maxRetries,
    max_concurrency: agent.maxConcurrency ?? null,
    fallback_agents: agent.fallbackAgents,
    history: agent.history,
    expect: agent.expect
      ? {
          min_length: agent.expect.minLength ?? null,
          json_schema: agent.expect.jsonSchema ?? null,
          deny_regex: agent.expect.denyRegex ?? null,
        }
      : null,
    health_path: agent.healthPath ?? null,
    has_auth_token: agent.sealedToken !== undefined,
  };
}
