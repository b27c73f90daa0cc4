import type { AgentConfig } from '../../domain/agent.ts';
import type { Outcome } from '../../domain/health.ts';
import { probeAgent } from './probe-agent.ts';
import type { AgentTransport } from '../transport.ts';

/** Probes under way at a time. */
const concurrency = 8;

/** Asks the health path of every agent that has one, once; each gives an outcome marked as a probe. */
export async function probeAgents(
  transport: Pick<AgentTransport, 'probe' | 'connect'>,
  agents: readonly AgentConfig[],
  timeoutMs: number,
  record: (outcome: Outcome) => void,
): Promise<void> {
  const waiting = agents.filter((agent) => agent.healthPath !== undefined);
  const work = async (): Promise<void> => {
    for (let agent = waiting.shift(); agent; agent = waiting.shift())
      record((await probeAgent(transport, agent, timeoutMs)).outcome);
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}
