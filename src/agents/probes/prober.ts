import type { AgentConfig } from '../../domain/agent.ts';
import type { Outcome } from '../../domain/health.ts';
import { probeAgent } from './probe-agent.ts';
import type { AgentTransport } from '../transport.ts';

/** The number of probes that run at the same time. */
const concurrency = 8;

/** Probes each agent that has a health path once, and passes each outcome to `record`. Resolves when all are done. */
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
