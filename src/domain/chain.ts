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

/** Agents whose circuit is open go to the end, in their order: with no alternative they are still tried. */
export function openCircuitsLast(
  agents: readonly AgentConfig[],
  isOpen: (name: string) => boolean,
): AgentConfig[] {
  const open = new Set(agents.filter((agent) => isOpen(agent.name)));
  return [...agents.filter((agent) => !open.has(agent)), ...open];
}
