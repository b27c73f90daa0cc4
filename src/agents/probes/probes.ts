import type { AgentConfig } from '../../domain/agent.ts';
import { failures } from '../../domain/failures.ts';
import type { AgentHealth, Outcome } from '../../domain/health.ts';
import { probeAgent, type ProbeResult } from './probe-agent.ts';
import type { AgentTransport } from '../transport.ts';

/** The agents' health, which probes read and update. */
interface ProbedHealth {
  of(agent: string): AgentHealth;
  record(outcome: Outcome): unknown;
}

/** Probes on demand. Concurrent probes of one agent are coalesced: they share one request (I7). */
export class Probes {
  private readonly transport: AgentTransport;
  private readonly health: ProbedHealth;
  private readonly timeoutMs: number;
  /** Probes that are running, by agent name. */
  private readonly running = new Map<string, Promise<ProbeResult>>();

  constructor(transport: AgentTransport, health: ProbedHealth, timeoutMs: number) {
    this.transport = transport;
    this.health = health;
    this.timeoutMs = timeoutMs;
  }

  /** Probes the agent. When this resolves, the agent's health contains the outcome. */
  probe(agent: AgentConfig): Promise<ProbeResult> {
    const running = this.running.get(agent.name);
    if (running) return running;
    const probing = this.run(agent).finally(() => this.running.delete(agent.name));
    this.running.set(agent.name, probing);
    return probing;
  }

  private async run(agent: AgentConfig): Promise<ProbeResult> {
    const result = await probeAgent(this.transport, agent, this.timeoutMs);
    if (this.isInformative(agent, result.outcome)) this.health.record(result.outcome);
    return result;
  }

  /**
   * Whether the outcome says something about the agent's health. If a probe only opened a connection, its success does so only
   * for an agent that was unreachable: an open port does not mean that the agent answers.
   */
  private isInformative({ name, healthPath }: AgentConfig, { errorType }: Outcome): boolean {
    if (healthPath !== undefined || errorType !== undefined) return true;
    const { lastErrorType } = this.health.of(name);
    return lastErrorType === undefined || failures[lastErrorType].health === 'unreachable';
  }
}
