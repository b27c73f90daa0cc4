import { randomUUID } from 'node:crypto';
import type { AgentConfig } from '../domain/agent.ts';
import type { Outcome } from '../domain/health.ts';
import { AgentError, type AgentTransport } from './transport.ts';

const probeTimeoutMs = 5_000;
/** Probes under way at a time. */
const concurrency = 8;

/** Asks the health path of every agent that has one, once; each gives an outcome marked as a probe. */
export async function probeAgents(
  transport: Pick<AgentTransport, 'probe'>,
  agents: readonly AgentConfig[],
  record: (outcome: Outcome) => void,
): Promise<void> {
  const waiting = agents.filter((agent) => agent.healthPath !== undefined);
  const work = async (): Promise<void> => {
    for (let agent = waiting.shift(); agent; agent = waiting.shift()) record(await probe(transport, agent));
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}

async function probe(transport: Pick<AgentTransport, 'probe'>, agent: AgentConfig): Promise<Outcome> {
  const outcome = { callId: `probe ${randomUUID()}`, agent: agent.name, probe: true as const };
  try {
    await transport.probe(agent, AbortSignal.timeout(Math.min(agent.timeoutMs, probeTimeoutMs)));
    return { ...outcome, at: Date.now() };
  } catch (error) {
    const errorType = error instanceof AgentError ? error.type : 'timeout';
    return { ...outcome, at: Date.now(), errorType };
  }
}
