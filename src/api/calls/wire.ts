/** Converts Holdfast's own types to the snake_case of the API, for all endpoints. A value that does not apply is null. */
import type { CallEnding } from '../../services/calls/call-ending.ts';
import type { Covers } from '../../services/call-index/candidates.ts';
import type { FoundCounts } from '../../services/call-index/find-calls.ts';
import type { FoundCall } from '../../services/calls/call-summary.ts';
import type * as wire from '../../contract/calls.ts';
import { agentsMsOf } from '../../domain/ending.ts';
import { ownSessionId } from '../../domain/project.ts';
import type { Attempt, CallProgress, Try } from '../../domain/call.ts';

/** Formats a time as ISO 8601 in UTC. */
export const iso = (at: Date | number): string => new Date(at).toISOString();
export const isoOrNull = (at: Date | number | undefined): string | null =>
  at === undefined ? null : iso(at);

export function callAnswerToWire(
  callId: string,
  agentAsked: string,
  ending: CallEnding,
  latencyMs: number,
): wire.CallAnswer {
  const { attempts = [], chain = [] } = ending;
  const queuedMs = queuedMsOf(ending, latencyMs) ?? 0;
  const { asked, agentsMs, pausedMs } = askedOf(attempts);
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
    overhead_ms: Math.max(0, Math.round(latencyMs - agentsMs - pausedMs - queuedMs)),
    retried: failovers > 0,
    retry_count: failovers,
    session_stored: ending.sessionStored ?? null,
    superseded_by: ending.supersededBy ?? null,
  };
}

/**
 * Returns how long the call waited for its turn, in ms. A call that was terminated while it waited did nothing else, so its
 * whole duration counts.
 */
export function queuedMsOf(
  { queuedMs, waitsForTurn }: Partial<CallProgress>,
  totalMs: number,
): number | undefined {
  return waitsForTurn ? totalMs : queuedMs;
}

/**
 * Returns the agents that were asked, the time that they took in ms, including backoff, and how long the call waited for those
 * that were paused.
 */
export function askedOf(attempts: readonly Attempt[]) {
  const asked = attempts.filter((attempt) => attempt.status !== 'skipped');
  const agentsMs = asked.reduce((sum, attempt) => sum + attempt.latencyMs, 0);
  return { asked, agentsMs, pausedMs: agentsMsOf(asked) - agentsMs };
}

export function callSummaryToWire(call: FoundCall): wire.CallSummary {
  return {
    call_id: call.callId,
    status: call.status,
    agent_name: call.agentAsked,
    asked: call.agentAsked,
    answered_by: call.answeredBy ?? null,
    error_type: call.errorType ?? null,
    session_id: call.sessionId === undefined ? null : ownSessionId(call.sessionId),
    user_id: call.userId ?? null,
    started_at: call.startedAt.toISOString(),
    ended_at: isoOrNull(call.endedAt),
    duration_ms: call.endedAt ? call.endedAt.getTime() - call.startedAt.getTime() : null,
    rerun_of: call.rerunOf ?? null,
    superseded_by: call.supersededBy ?? null,
    resolved: call.resolved ?? null,
    ...(call.promptPreview !== undefined && { prompt_preview: call.promptPreview }),
  };
}

/** Says what a list or a count was made from; null if from all calls. */
export function coversToWire(covers: Covers | undefined): wire.CallsCovered | null {
  if (!covers) return null;
  const { calls, since, completeUntil, whole, running, lookedAt } = covers;
  return {
    calls,
    since: isoOrNull(since),
    complete_until: isoOrNull(completeUntil),
    whole,
    running,
    looked_at: lookedAt ?? null,
  };
}

/** Takes counts apart, so that an answer has these members alone. */
export function countsToWire(counts: FoundCounts): wire.CallCounts {
  const { total, running, completed, failed, cancelled, covers } = counts;
  return { total, running, completed, failed, cancelled, covers: coversToWire(covers) };
}

export function attemptToWire(attempt: Attempt): wire.Attempt {
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

function tryToWire({ attempt, errorType, lost, latencyMs, firstByteMs, at, answer }: Try): wire.Try {
  return {
    try: attempt,
    attempt,
    error_type: errorType ?? null,
    lost: lost ?? false,
    latency_ms: latencyMs,
    first_byte_ms: firstByteMs ?? null,
    at,
    http_status: answer?.status ?? null,
    headers: answer?.headers ?? null,
    body_excerpt: answer?.excerpt ?? null,
  };
}
