import { randomUUID } from 'node:crypto';
import type { AgentConfig } from '../../domain/agent.ts';
import type { Outcome } from '../../domain/health.ts';
import { AgentError, type AgentTransport } from '../transport.ts';

export interface ProbeResult {
  /** Marked as a probe. */
  readonly outcome: Outcome;
  /** Of the health path's answer, if there was one. */
  readonly statusCode?: number;
  /** Why it failed. */
  readonly error?: string;
  readonly latencyMs: number;
}

/**
 * Asks the agent's health path; of an agent that has none it only opens a connection: a probe never costs a prompt.
 * Takes `timeoutMs` at most.
 */
export async function probeAgent(
  transport: Pick<AgentTransport, 'probe' | 'connect'>,
  agent: AgentConfig,
  timeoutMs: number,
): Promise<ProbeResult> {
  const startedAt = performance.now();
  const ended = () => ({ latencyMs: Math.round(performance.now() - startedAt) });
  const outcome = { callId: `probe ${randomUUID()}`, agent: agent.name, probe: true as const };
  const limitMs = Math.min(agent.timeoutMs, timeoutMs);
  const signal = AbortSignal.timeout(limitMs);
  try {
    const statusCode = await (agent.healthPath === undefined
      ? transport.connect(agent, signal)
      : transport.probe(agent, signal));
    return { outcome: { ...outcome, at: Date.now() }, ...ended(), ...(statusCode && { statusCode }) };
  } catch (error) {
    const { statusCode, ...failure } = failureOf(error, signal, limitMs);
    return {
      outcome: { ...outcome, at: Date.now(), errorType: failure.type },
      error: failure.message,
      ...ended(),
      ...(statusCode !== undefined && { statusCode }),
    };
  }
}

/** What is neither the agent's failure nor its time that was up is a fault of ours, and nothing to hold against it. */
function failureOf(error: unknown, signal: AbortSignal, limitMs: number) {
  if (error instanceof AgentError)
    return { type: error.type, message: error.message, statusCode: error.statusCode };
  if (signal.aborted) return { type: 'timeout' as const, message: `No answer within ${limitMs / 1_000} s` };
  return { type: 'internal' as const, message: 'The probe failed by a fault of Holdfast itself' };
}
