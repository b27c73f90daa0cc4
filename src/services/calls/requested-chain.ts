/**
 * Determines which agents a call may ask: the chain that follows from the current registrations, or the one that the caller
 * lists.
 */
import type { AgentConfig } from '../../domain/agent.ts';
import { pausedText, refusingPause } from '../../domain/agent-pause.ts';
import { resolveChain, type ResolvedChain } from '../../domain/chain.ts';
import { invalid, Refusal } from '../../domain/failures.ts';
import type { Agents } from '../agents/agents.ts';

/** The part of a request that says which agents the call may ask. */
export interface WantedChain {
  readonly agentName: string;
  /** The agents that follow the first one, instead of its registered fallbacks. */
  readonly fallbackAgents?: readonly string[] | undefined;
  /** If set, the chain begins at `agent`, without the agents in `leaveOut`, which failed before it. */
  readonly startAt?: { readonly agent: string; readonly leaveOut: readonly string[] } | undefined;
}

/** After how long a call may try again if nobody has said when the pause ends. */
const endlessSeconds = 60;

interface ChainDependencies {
  readonly agents: Agents;
  readonly limits: { readonly maxChain: number };
}

/**
 * Resolves the chain with the current configs of agents that the project may use. Throws the refusal `validation_failed`, which names the field:
 * `fallback_agents` has too many or unregistered agents, or the chain does not contain `startAt.agent`. Throws the refusal
 * `agent_paused` if nobody may be asked now.
 */
export async function wantedChain(
  { agents, limits }: ChainDependencies,
  project: string,
  first: AgentConfig,
  { fallbackAgents, startAt }: WantedChain,
): Promise<ResolvedChain> {
  const chain = fallbackAgents
    ? { agents: await namedChain(agents, project, first, fallbackAgents, limits.maxChain), unregistered: [] }
    : registeredChain({ agents, limits }, project, first);
  const wanted = startAt ? { ...chain, agents: startingAt(chain.agents, startAt) } : chain;
  const refused = refusalOfChain(agents, wanted.agents);
  if (refused) throw refused;
  return wanted;
}

/**
 * Returns the refusal `agent_paused` that a call with this chain gets now. Undefined if the call is accepted.
 */
export function refusalOfChain(agents: Agents, chain: readonly AgentConfig[]): Refusal | undefined {
  const pause = refusingPause(chain, (name) => agents.pauseOf(name));
  if (!pause) return undefined;
  const [first] = chain;
  const nobody = pause.newCalls === 'refuse' ? '' : ', and it has no fallback that could be asked';
  const message = `${pausedText(first?.name ?? '', pause)}${nobody}; resume it, or name another agent`;
  return new Refusal('agent_paused', message, {
    retryAfterSeconds:
      pause.until === undefined
        ? endlessSeconds
        : Math.max(1, Math.ceil((pause.until - agents.now()) / 1_000)),
  });
}

/** Resolves the chain that follows from the registrations. Fallbacks of another project are passed over in silence. */
export function registeredChain(
  { agents, limits }: ChainDependencies,
  project: string,
  first: AgentConfig,
): ResolvedChain {
  const chain = resolveChain(first, (name) => agents.lookup(project, name), limits.maxChain);
  return { ...chain, unregistered: chain.unregistered.filter((name) => !agents.isOfOther(project, name)) };
}

async function namedChain(
  agents: Agents,
  project: string,
  first: AgentConfig,
  names: readonly string[],
  maxAgents: number,
): Promise<AgentConfig[]> {
  const others = [...new Set(names)].filter((name) => name !== first.name);
  if (others.length >= maxAgents)
    throw invalid('fallback_agents', `at most ${maxAgents - 1}: a call visits ${maxAgents} agents`);
  const chain = [first];
  for (const name of others) {
    const found = await agents.find(project, name);
    if (!found) throw invalid('fallback_agents', `agent '${name}' is not registered`);
    chain.push(found);
  }
  return chain;
}

function startingAt(
  chain: readonly AgentConfig[],
  { agent, leaveOut }: { agent: string; leaveOut: readonly string[] },
): AgentConfig[] {
  const index = chain.findIndex(({ name }) => name === agent);
  if (index < 0)
    throw invalid('from', `'${agent}', whose failure ended the call, is not in its chain any more`);
  return chain.slice(index).filter(({ name }) => !leaveOut.includes(name));
}

/** Makes the refusal for an unknown agent. Its body has the fields that old clients expect. */
export function notRegistered(agent_name: string): Refusal {
  const message = `Agent '${agent_name}' not registered`;
  return new Refusal('agent_not_found', message, { extra: { success: false, agent_name, error: message } });
}
