import type { AgentConfig } from './agent.ts';

/**
 * How much of the call's remaining time the next agent may use, in ms: all but a slice for every agent still to
 * come, which is that agent's own timeout, or an equal share where the time is too short for that.
 */
export function agentBudgetMs(remainingMs: number, stillToCome: readonly AgentConfig[]): number {
  const share = remainingMs / (stillToCome.length + 1);
  const kept = stillToCome.reduce((sum, agent) => sum + Math.min(agent.timeoutMs, share), 0);
  return Math.max(0, Math.floor(remainingMs - kept));
}
