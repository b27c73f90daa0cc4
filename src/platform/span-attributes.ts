/**
 * What spans say (docs/traces.md): by OpenTelemetry's conventions for HTTP and GenAI, and as `holdfast.*` what these do not
 * name. Never a prompt, an answer, an error's text, or a user.
 */
import { ownSessionId, projectOf } from '../domain/project.ts';
import type { EndedCall, EndedTry } from '../workflows/sinks.ts';
import type { TracedRequest } from './tracing.ts';

type Attributes = Readonly<Record<string, string | number | boolean>>;

export function requestAttributes({ method, route, path }: TracedRequest): Attributes {
  return { 'http.request.method': method, 'http.route': route, 'url.path': path, 'url.scheme': 'http' };
}

/** The attributes of the span of a call as a whole. */
export function callAttributes(runId: string, call: EndedCall): Attributes {
  return {
    ...conversationOf(call),
    'gen_ai.agent.name': call.agent,
    ...(call.answeredBy !== undefined && { 'holdfast.answered_by': call.answeredBy }),
    'holdfast.queued_ms': call.queuedMs,
    'holdfast.run_id': runId,
  };
}

/** The attributes of the span of one request to an agent. */
export function tryAttributes(
  call: EndedCall,
  { agent, host, port, attempt, lost, firstByteMs }: EndedTry,
): Attributes {
  return {
    ...conversationOf(call),
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.provider.name': 'holdfast',
    'gen_ai.agent.name': agent,
    'server.address': host,
    'server.port': port,
    'holdfast.try': attempt,
    ...(lost && { 'holdfast.try.lost': true }),
    ...(firstByteMs !== undefined && { 'holdfast.first_byte_ms': firstByteMs }),
  };
}

/**
 * When a try ended (epoch ms). Nobody saw the end of a lost one: it counts as over when the next began, or the call ended.
 */
export function tryEndOf(
  { at, latencyMs, lost }: EndedTry,
  next: EndedTry | undefined,
  endedAt: number,
): number {
  const startedAt = Date.parse(at);
  if (!lost) return startedAt + latencyMs;
  return Math.max(startedAt, next ? Date.parse(next.at) : endedAt);
}

function conversationOf({ callId, sessionId }: EndedCall): Attributes {
  return {
    'holdfast.call.id': callId,
    'holdfast.project': projectOf(callId),
    ...(sessionId !== undefined && { 'gen_ai.conversation.id': ownSessionId(sessionId) }),
  };
}
