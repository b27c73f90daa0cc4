/** Converts the description of a call to the API's form. */
import type * as wire from '../../contract/calls.ts';
import type { CallDescription } from '../../services/calls/call-records.ts';
import { agentUrl, type AgentConfig } from '../../domain/agent.ts';
import { callWorkflowId } from '../../domain/ids.ts';
import { promptOf } from '../../domain/turn-text.ts';
import { askedOf, attemptToWire, callAnswerToWire, callSummaryToWire, queuedMsOf } from './wire.ts';

/** Describes where Temporal's Web UI is, for links to a call in it. */
export interface WebUi {
  /** The Web UI's base URL, without a slash at the end. */
  readonly url: string;
  readonly namespace: string;
}

export function callDescriptionToWire(
  call: CallDescription,
  callback: wire.CallDescription['callback'],
  webUi: WebUi | undefined,
): wire.CallDescription {
  const latencyMs = (call.endedAt ?? new Date()).getTime() - call.startedAt.getTime();
  const summary = callSummaryToWire(call);
  const answer = call.ending
    ? callAnswerToWire(call.callId, call.agentAsked, call.ending, latencyMs)
    : withoutEnding(call);
  return {
    ...summary,
    ...answer,
    superseded_by: summary.superseded_by ?? answer.superseded_by,
    prompt: promptOf(call.input),
    ...(call.promptLost && { prompt_lost: true }),
    metadata: call.input.metadata ?? null,
    callback,
    deadline_seconds: call.input.deadlineMs / 1_000,
    timings: timingsToWire(call, latencyMs),
    chain: call.input.chain.map(pinnedAgentToWire),
    passed_over: call.input.passedOver ?? [],
    reruns: call.reruns.map(({ callId, status }) => ({ call_id: callId, status })),
    waiting_for: call.waitingFor ?? null,
    web_ui_url: webUi ? webUiLink(webUi, call) : null,
  };
}

/**
 * Makes the answer for a running call, with the agents that have failed so far, and for a call whose ending could not be read
 * in time.
 */
function withoutEnding(call: CallDescription): wire.CallAnswer {
  const { chain = [], attempts = [] } = call.progress ?? {};
  const failovers = askedOf(attempts).asked.length; // The next agent is being asked.
  return {
    call_id: call.callId,
    success: null,
    agent_name: call.agentAsked,
    response: null,
    error: null,
    error_type: call.errorType ?? null,
    fallback_chain: chain,
    attempts: attempts.map(attemptToWire),
    latency_ms: null,
    overhead_ms: null,
    retried: failovers > 0,
    retry_count: failovers,
    session_stored: null,
    superseded_by: null,
  };
}

/** Returns how long each phase took, in ms. Phases that have not ended, or about which nothing is known, are null. */
function timingsToWire({ ending, progress, input }: CallDescription, totalMs: number): wire.Timings {
  const { attempts } = ending ?? progress ?? {};
  const queuedMs = ending ? queuedMsOf(ending, totalMs) : progress?.queuedMs;
  // A call that waits for its turn reports no time in the queue before it has the turn.
  const waits = !ending && input.turn?.state === 'queued' && queuedMs === 0;
  const answered = attempts?.find((attempt) => attempt.status === 'ok');
  const { agentsMs = null, pausedMs = 0 } = ending && attempts ? askedOf(attempts) : {};
  return {
    queued_ms: waits ? null : (queuedMs ?? null),
    first_byte_ms: answered?.tries.at(-1)?.firstByteMs ?? null,
    agent_ms: agentsMs,
    overhead_ms: agentsMs === null ? null : Math.max(0, totalMs - agentsMs - pausedMs - (queuedMs ?? 0)),
    total_ms: ending ? totalMs : null,
  };
}

/**
 * Converts the agent's config as it was pinned at the start of the call. The result never contains the token, sealed or not
 * (I5).
 */
function pinnedAgentToWire(agent: AgentConfig): wire.PinnedAgent {
  return {
    name: agent.name,
    url: agentUrl(agent),
    timeout_seconds: agent.timeoutMs / 1_000,
    max_retries: agent.maxRetries,
  };
}

function webUiLink({ url, namespace }: WebUi, { callId, runId }: CallDescription): string {
  const path = ['namespaces', namespace, 'workflows', callWorkflowId(callId), runId];
  return `${url}/${path.map(encodeURIComponent).join('/')}`;
}
