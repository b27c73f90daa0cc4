/** The entity that holds all registered agents. Its version grows with each change, so that caches can ask for changes only. */
import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { AgentConfig } from '../domain/agent.ts';
import { isInForce, type AgentPause } from '../domain/agent-pause.ts';
import { sizeAsJson } from '../domain/json-bytes.ts';
import {
  directoryChangesQuery,
  pauseAgentUpdate,
  registerAgentUpdate,
  removeAgentUpdate,
  type DirectoryEntry,
} from './messages.ts';

/** The state that the directory carries to its next run. */
export interface DirectoryState {
  readonly version: number;
  readonly entries: Readonly<Record<string, DirectoryEntry>>;
  /**
   * The version of the newest removal whose tombstone was dropped. A cache that is older than this version needs all entries.
   */
  readonly forgottenVersion: number;
}

/** Registrations beyond these limits are refused with `agents_full`. */
export interface DirectoryLimits {
  readonly maxAgents: number;
  /** The most bytes of all configs together. The limit keeps the state below Temporal's limit of 2 MiB at continue-as-new. */
  readonly maxBytes: number;
}

/** How many removals are kept as tombstones, so that other nodes' caches notice them. */
const maxTombstones = 200;
/**
 * The most bytes of all pauses in force together. They are not counted with the configs, so that a full directory can be paused.
 */
const maxPauseBytes = 256 * 1024;

export async function agentDirectory(initial: DirectoryState, limits: DirectoryLimits): Promise<void> {
  let { version, forgottenVersion } = initial;
  const entries = new Map(Object.entries(initial.entries));

  const set = (name: string, entry: Omit<DirectoryEntry, 'version'> = {}): DirectoryEntry => {
    version += 1;
    const changed = { version, ...entry };
    entries.delete(name);
    entries.set(name, changed);
    return changed;
  };
  const put = (name: string, config?: AgentConfig): boolean => {
    const before = entries.get(name);
    set(name, config && { config, ...(before?.pause && { pause: before.pause }) });
    forgottenVersion = Math.max(forgottenVersion, dropOldTombstones(entries));
    return before?.config !== undefined;
  };

  setHandler(
    registerAgentUpdate,
    (config) => {
      const replaced = put(config.name, config);
      const pause = entries.get(config.name)?.pause;
      return { replaced, version, ...(pause && { pause }) };
    },
    { validator: (config: AgentConfig) => refuseBeyond(limits, entries, config) },
  );
  setHandler(removeAgentUpdate, (name) => {
    if (!entries.get(name)?.config) return { version, removed: false };
    return { removed: put(name), version };
  });
  setHandler(
    pauseAgentUpdate,
    (name, pause) => {
      const entry = entries.get(name);
      if (!entry?.config) return null;
      const { config, pause: before } = entry;
      dropOverPauses(entries);
      if (!pause) return before ? set(name, { config }) : entry;
      return set(name, { config, pause: { ...pause, since: startOf(before, pause) } });
    },
    { validator: (name: string, pause: AgentPause | null) => refuseLargePauses(entries, name, pause) },
  );
  setHandler(directoryChangesQuery, (since) => {
    const complete = since < forgottenVersion;
    const changed = complete ? [...entries] : [...entries].filter(([, entry]) => entry.version > since);
    return { version, complete, entries: Object.fromEntries(changed) };
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
    throw ApplicationFailure.nonRetryable(
      `The configs of all agents would exceed ${limits.maxBytes} bytes`,
      'agents_full',
    );
}

function refuseLargePauses(
  entries: ReadonlyMap<string, DirectoryEntry>,
  name: string,
  pause: AgentPause | null,
): void {
  const others = [...entries].flatMap(([other, entry]) =>
    entry.pause && isInForce(entry.pause, Date.now()) && other !== name ? [entry.pause] : [],
  );
  if (pause && sizeAsJson([...others, pause]) > maxPauseBytes)
    throw ApplicationFailure.nonRetryable(
      `The pauses of all agents would exceed ${maxPauseBytes} bytes: shorten the reason, or resume agents`,
      'agents_full',
    );
}

/** Forgets the pauses that are over. Whoever has a copy of one reads the end in it. */
function dropOverPauses(entries: Map<string, DirectoryEntry>): void {
  for (const [name, { version, config, pause }] of entries)
    if (config && pause && !isInForce(pause, Date.now())) entries.set(name, { version, config });
}

/** Returns when the agent was taken out of rotation: a change of its pause does not begin a new one. */
function startOf(before: AgentPause | undefined, { since }: AgentPause): number {
  return before && isInForce(before, since) ? before.since : since;
}

/** Drops the oldest tombstones (the map is in order of change). Returns the newest version dropped, or 0. */
function dropOldTombstones(entries: Map<string, DirectoryEntry>): number {
  const removed = [...entries].filter(([, entry]) => !entry.config);
  const dropped = removed.slice(0, Math.max(0, removed.length - maxTombstones));
  for (const [name] of dropped) entries.delete(name);
  return dropped.at(-1)?.[1].version ?? 0;
}
