import { randomUUID } from 'node:crypto';
import type { AgentConfig } from '../../domain/agent.ts';
import type { Outcome } from '../../domain/health.ts';
import { AgentError, type AgentTransport } from '../transport.ts';

/** The result of one probe. */
export interface ProbeResult {
  /** The outcome for the agent's health, marked as a probe. */
  readonly outcome: Outcome;
  /** HTTP status of the health path's answer. Absent if no answer came or only a connection was opened. */
  readonly statusCode?: number;
  /** Why the probe failed. Absent if it succeeded. */
  readonly error?: string;
  readonly latencyMs: number;
}

/**
 * Probes an agent: sends a GET to its health path or, if it has none, only opens a connection. A probe never costs a prompt.
 * It ends after the shorter of `timeoutMs` and the agent's own timeout. Never throws: a failure is part of the result.
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

/**
 * Returns the failure that an error means. An error that is neither the agent's failure nor a timeout is a fault of Holdfast:
 * `internal`, which does not count against any agent.
 */
function failureOf(error: unknown, signal: AbortSignal, limitMs: number) {
  if (error instanceof AgentError)
    return { type: error.type, message: error.message, statusCode: error.statusCode };
  if (signal.aborted) return { type: 'timeout' as const, message: `No answer within ${limitMs / 1_000} s` };
  return { type: 'internal' as const, message: 'The probe failed by a fault of Holdfast itself' };
}
