import type { AgentConfig } from './agent.ts';

/** The shortest time that is worth giving to an agent, and the shortest deadline that a call may have. */
export const leastSliceMs = 250;

/** An activity ends itself this long before Temporal's timeout would, so that its failure is typed and lists the tries. */
export const shareMarginMs = 250;

/**
 * Returns how many agents, counted from the start of the chain, can be asked in the remaining time: at least 1. Each needs the
 * shorter of its own timeout and `leastSliceMs`. Half a slice may be missing, because some of the call's time has been used
 * already.
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
 * Returns how much of the call's remaining time the next agent may use, in ms. A slice is reserved for each agent after it:
 * that agent's own timeout, or an equal share of the time if that is less.
 */
export function agentBudgetMs(remainingMs: number, stillToCome: readonly AgentConfig[]): number {
  const share = remainingMs / (stillToCome.length + 1);
  const kept = stillToCome.reduce((sum, agent) => sum + Math.min(agent.timeoutMs, share), 0);
  return Math.max(0, Math.floor(remainingMs - kept));
}
