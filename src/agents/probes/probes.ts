import type { AgentConfig } from '../../domain/agent.ts';
import { failures } from '../../domain/failures.ts';
import type { AgentHealth, Outcome } from '../../domain/health.ts';
import { probeAgent, type ProbeResult } from './probe-agent.ts';
import type { AgentTransport } from '../transport.ts';

/** Where outcomes of probes go. */
interface ProbedHealth {
  of(agent: string): AgentHealth;
  record(outcome: Outcome): unknown;
}

/** Probes that somebody asks for: at most one of an agent at a time, which all who ask meanwhile share (I7). */
export class Probes {
  private readonly transport: AgentTransport;
  private readonly health: ProbedHealth;
  private readonly timeoutMs: number;
  private readonly underWay = new Map<string, Promise<ProbeResult>>();

  constructor(transport: AgentTransport, health: ProbedHealth, timeoutMs: number) {
    this.transport = transport;
    this.health = health;
    this.timeoutMs = timeoutMs;
  }

  /** The outcome is recorded before this returns. */
  probe(agent: AgentConfig): Promise<ProbeResult> {
    const mine = this.underWay.get(agent.name);
    if (mine) return mine;
    const probing = this.run(agent).finally(() => this.underWay.delete(agent.name));
    this.underWay.set(agent.name, probing);
    return probing;
  }

  private async run(agent: AgentConfig): Promise<ProbeResult> {
    const result = await probeAgent(this.transport, agent, this.timeoutMs);
    if (this.tells(agent, result.outcome)) this.health.record(result.outcome);
    return result;
  }

  /** That an agent takes connections is news only of one that did not: an open port gives no answers. */
  private tells({ name, healthPath }: AgentConfig, { errorType }: Outcome): boolean {
    if (healthPath !== undefined || errorType !== undefined) return true;
    const { lastErrorType } = this.health.of(name);
    return lastErrorType === undefined || failures[lastErrorType].health === 'unreachable';
  }
}
