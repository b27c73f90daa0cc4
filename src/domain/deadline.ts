import type { AgentConfig } from './agent.ts';

/** The least time that is worth asking an agent with; also the shortest deadline that a call may ask for. */
export const leastSliceMs = 250;

/** An activity cuts itself off this much before Temporal would, so that its failure is typed and carries the tries. */
export const cutOffMarginMs = 250;

/**
 * How many agents of the chain, from its beginning, the remaining time has room for: each needs its own timeout or the least
 * slice. The first is asked in any case, and half a slice may be missing, as it takes a moment to begin.
 */
export function agentsInTime(remainingMs: number, chain: readonly AgentConfig[]): number {
  let neededMs = -leastSliceMs / 2;
  const tooMany = chain.findIndex((agent) => {
    neededMs += Math.min(agent.timeoutMs, leastSliceMs);
    return neededMs > remainingMs;
  });
  return tooMany === -1 ? chain.length : Math.max(1, tooMany);
}

/**
 * How much of the call's remaining time the next agent may use, in ms: all but a slice for every agent still to
 * come, which is that agent's own timeout, or an equal share where the time is too short for that.
 */
export function agentBudgetMs(remainingMs: number, stillToCome: readonly AgentConfig[]): number {
  const share = remainingMs / (stillToCome.length + 1);
  const kept = stillToCome.reduce((sum, agent) => sum + Math.min(agent.timeoutMs, share), 0);
  return Math.max(0, Math.floor(remainingMs - kept));
}
