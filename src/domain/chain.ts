import type { AgentConfig } from './agent.ts';

/** The agents that a call may ask, and the fallbacks that could not be found. */
export interface ResolvedChain {
  readonly agents: readonly AgentConfig[];
  /** Names of fallbacks that are not registered. */
  readonly unregistered: readonly string[];
}

/**
 * Resolves the agents of a chain in the order in which they are asked: `first`, its fallbacks, then the fallbacks of those
 * (breadth first). Each agent appears once, so cycles are harmless. At most `maxAgents` (I7).
 */
export function resolveChain(
  first: AgentConfig,
  lookup: (name: string) => AgentConfig | undefined,
  maxAgents: number,
): ResolvedChain {
  const agents: AgentConfig[] = [first];
  const seen = new Set([first.name]);
  const unregistered: string[] = [];
  // `agents` grows during the loop: it is also the queue of the breadth-first search.
  for (const agent of agents) {
    for (const name of agent.fallbackAgents) {
      if (seen.has(name)) continue;
      seen.add(name);
      const found = lookup(name);
      if (!found) unregistered.push(name);
      else if (agents.length < maxAgents) agents.push(found);
    }
  }
  return { agents, unregistered };
}

/** A chain after agents with an open circuit have moved to its end. */
export interface OrderedChain {
  readonly agents: readonly AgentConfig[];
  /** Names of the agents that moved behind at least one other agent. */
  readonly passedOver: readonly string[];
}

/** Moves agents whose circuit is open to the end, keeping their order. They stay in the chain as the last resort. */
export function openCircuitsLast(
  agents: readonly AgentConfig[],
  isOpen: (name: string) => boolean,
): OrderedChain {
  const open = new Set(agents.filter((agent) => isOpen(agent.name)));
  const lastClosed = agents.findLastIndex((agent) => !open.has(agent));
  const passedOver = agents.filter((agent, index) => open.has(agent) && index < lastClosed);
  return {
    agents: [...agents.filter((agent) => !open.has(agent)), ...open],
    passedOver: passedOver.map(({ name }) => name),
  };
}
