import type { AgentConfig } from './agent.ts';

export interface ResolvedChain {
  readonly agents: readonly AgentConfig[];
  /** Names that some agent of the chain falls back to but nobody registered. */
  readonly unregistered: readonly string[];
}

/**
 * The agents to ask, in order: `first`, its fallbacks, then transitively theirs (breadth first), each once, so a
 * cycle ends by itself; at most `maxAgents` (I7).
 */
export function resolveChain(
  first: AgentConfig,
  lookup: (name: string) => AgentConfig | undefined,
  maxAgents: number,
): ResolvedChain {
  const agents: AgentConfig[] = [first];
  const seen = new Set([first.name]);
  const unregistered: string[] = [];
  // The array grows while it is walked: that is the breadth-first queue.
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

export interface OrderedChain {
  readonly agents: readonly AgentConfig[];
  /** Names of those that others come before, whom they would have come before. */
  readonly passedOver: readonly string[];
}

/** Agents whose circuit is open go to the end, in their order: with no alternative they are still tried. */
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
