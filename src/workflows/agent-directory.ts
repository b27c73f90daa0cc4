/** The one entity that holds every registered agent, with a version that grows with each change. */
import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { AgentConfig } from '../domain/agent.ts';
import { sizeAsJson } from '../domain/json-bytes.ts';
import {
  directoryChangesQuery,
  registerAgentUpdate,
  removeAgentUpdate,
  type DirectoryEntry,
} from './messages.ts';

export interface DirectoryState {
  readonly version: number;
  readonly entries: Readonly<Record<string, DirectoryEntry>>;
  /** Version of the newest removal that is no longer remembered. */
  readonly forgottenVersion: number;
}
export interface DirectoryLimits {
  readonly maxAgents: number;
  /** Of all configs together, so that continue-as-new stays below Temporal's 2 MiB. */
  readonly maxBytes: number;
}

/** How many removals are remembered, so that other nodes' caches learn of them. */
const maxTombstones = 200;

export async function agentDirectory(initial: DirectoryState, limits: DirectoryLimits): Promise<void> {
  let { version, forgottenVersion } = initial;
  const entries = new Map(Object.entries(initial.entries));

  const put = (name: string, config?: AgentConfig): boolean => {
    const existed = entries.get(name)?.config !== undefined;
    version += 1;
    entries.delete(name);
    entries.set(name, { version, ...(config && { config }) });
    forgottenVersion = Math.max(forgottenVersion, dropOldTombstones(entries));
    return existed;
  };

  setHandler(registerAgentUpdate, (config) => ({ replaced: put(config.name, config), version }), {
    validator: (config: AgentConfig) => refuseBeyond(limits, entries, config),
  });
  setHandler(removeAgentUpdate, (name) => {
    if (!entries.get(name)?.config) return { version, removed: false };
    return { removed: put(name), version };
  });
  setHandler(directoryChangesQuery, (since) => {
    const complete = since < forgottenVersion;
    const told = complete ? [...entries] : [...entries].filter(([, entry]) => entry.version > since);
    return { version, complete, entries: Object.fromEntries(told) };
  });

  await condition(() => workflowInfo().continueAsNewSuggested);
  await condition(allHandlersFinished);
  await continueAsNew<typeof agentDirectory>(
    { version, forgottenVersion, entries: Object.fromEntries(entries) },
    limits,
  );
}

function refuseBeyond(
  limits: DirectoryLimits,
  entries: ReadonlyMap<string, DirectoryEntry>,
  config: AgentConfig,
): void {
  const others = [...entries.values()].flatMap((entry) =>
    entry.config && entry.config.name !== config.name ? [entry.config] : [],
  );
  const bytes = [...others, config].reduce((sum, one) => sum + sizeAsJson(one), 0);
  if (others.length >= limits.maxAgents)
    throw ApplicationFailure.nonRetryable(`It holds ${limits.maxAgents} agents already`, 'agents_full');
  if (bytes > limits.maxBytes)
    throw ApplicationFailure.nonRetryable(`Its configs reach ${limits.maxBytes} bytes`, 'agents_full');
}

/** Map order is change order: the oldest removals go first. Returns the newest version that went, or 0. */
function dropOldTombstones(entries: Map<string, DirectoryEntry>): number {
  const removed = [...entries].filter(([, entry]) => !entry.config);
  const dropped = removed.slice(0, Math.max(0, removed.length - maxTombstones));
  for (const [name] of dropped) entries.delete(name);
  return dropped.at(-1)?.[1].version ?? 0;
}
