/**
 * Compares a call's recorded attempts with the chain that it would have now. It only reads: it asks no agent and changes no
 * circuit.
 */
import { agentUrl, type AgentConfig } from '../../domain/agent.ts';
import type { Attempt } from '../../domain/call.ts';
import type { ResolvedChain } from '../../domain/chain.ts';
import { Refusal, type ErrorType } from '../../domain/failures.ts';
import { projectOf } from '../../domain/project.ts';
import { whatIf, type WhatIf } from '../../domain/what-if.ts';
import type { Agents } from '../agents/agents.ts';
import type { CallFilter } from '../calls/call-filter.ts';
import { refusalOfChain, registeredChain } from '../calls/requested-chain.ts';
import type { CallRecords } from '../calls/call-records.ts';
import type { Health } from '../agents/health.ts';

/** A call's recorded attempts beside its chain of today. */
export interface WhatIfRow extends WhatIf {
  readonly callId: string;
  readonly agentAsked: string;
  readonly answeredBy: string | undefined;
  readonly errorType: ErrorType | undefined;
  readonly before: { readonly chain: readonly string[]; readonly attempts: readonly Attempt[] };
  /** Names of the agents in today's chain, in the order in which they would be asked. */
  readonly chain: readonly string[];
  readonly unregistered: readonly string[];
}

interface Dependencies {
  readonly agents: Agents;
  readonly health: Health;
  readonly records: CallRecords;
  readonly limits: { readonly maxChain: number };
}

/** How many calls are read concurrently. Each read costs the server about 8 ms. */
const concurrency = 8;

/** Returns the comparison for one call. Throws the refusal `call_not_found`. */
export async function whatIfOf(deps: Dependencies, callId: string): Promise<WhatIfRow> {
  const [call, input] = await Promise.all([deps.records.describe(callId), deps.records.startInput(callId)]);
  const progress = call.ending ?? call.progress;
  const before = {
    chain: progress?.chain ?? input.chain.map(({ name }) => name),
    attempts: progress?.attempts ?? [],
  };
  const { agents, unregistered } = todaysChain(deps, projectOf(callId), input.agentName);
  const chain = deps.health.view(agents).agents;
  const refused = refusalOfChain(deps.agents, agents);
  const today = {
    ...(refused && { refusal: refused.message }),
    agents: chain.map((agent) => ({
      name: agent.name,
      moved: hasMoved(agent, input.chain),
      paused: isPassedOver(deps.agents, agent),
    })),
    unregistered,
  };
  return {
    callId,
    agentAsked: input.agentName,
    answeredBy: call.answeredBy,
    errorType: call.errorType,
    before,
    chain: chain.map(({ name }) => name),
    unregistered,
    ...whatIf(before.attempts, today),
  };
}

/** Returns the comparisons for the first `limit` calls that match the filter, in the order of the list. */
export async function whatIfOfAll(
  deps: Dependencies,
  filter: CallFilter,
  limit: number,
): Promise<WhatIfRow[]> {
  const { items } = await deps.records.list(filter, { limit });
  const rows = new Map<string, WhatIfRow>();
  const waiting = items.map(({ callId }) => callId);
  const work = async (): Promise<void> => {
    for (let callId = waiting.shift(); callId !== undefined; callId = waiting.shift()) {
      const row = await unlessGone(whatIfOf(deps, callId));
      if (row) rows.set(callId, row);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return items.flatMap(({ callId }) => rows.get(callId) ?? []);
}

/** Resolves like `reading`; undefined if the call was deleted after it was listed. */
async function unlessGone(reading: Promise<WhatIfRow>): Promise<WhatIfRow | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Refusal && error.type === 'call_not_found') return undefined;
    throw error;
  }
}

function todaysChain({ agents, limits }: Dependencies, project: string, agentName: string): ResolvedChain {
  const first = agents.lookup(project, agentName);
  if (!first) return { agents: [], unregistered: [agentName] };
  return registeredChain({ agents, limits }, project, first);
}

function isPassedOver(agents: Agents, { name }: AgentConfig): boolean {
  const pause = agents.pauseOf(name);
  return pause !== undefined && pause.newCalls !== 'wait';
}

function hasMoved(agent: AgentConfig, pinned: readonly AgentConfig[]): boolean {
  const then = pinned.find(({ name }) => name === agent.name);
  return then !== undefined && agentUrl(then) + then.path !== agentUrl(agent) + agent.path;
}
