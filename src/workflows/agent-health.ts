/** The entity that holds the health of all agents. Nodes send it batches of outcomes. */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  healthStatus,
  newHealth,
  recordOutcome,
  type AgentHealth,
  type HealthStatus,
} from '../domain/health.ts';
import { packHealth, unpackHealth, type PackedHealth } from '../domain/packed-health.ts';
import { resetHealth } from '../domain/reset-health.ts';
import { StateChanges, statusEndsAt, type KeptChanges } from '../domain/state-changes.ts';
import {
  forgetAgentSignal,
  healthChangesQuery,
  noteStatesSignal,
  reportOutcomesSignal,
  resetAgentSignal,
  stateChangesQuery,
} from './messages.ts';

/** The state that the entity carries to its next run. */
export interface HealthState {
  readonly version: number;
  /** `status` is the agent's last status in `changes`. Absent from a run of an earlier version, as `changes` is. */
  readonly agents: Readonly<Record<string, { version: number; health: PackedHealth; status?: HealthStatus }>>;
  /** Ids of the latest recorded batches, oldest first. They are kept so that a batch that is sent twice is recorded once. */
  readonly batchIds: readonly string[];
  readonly changes?: KeptChanges;
}

interface Entry {
  readonly version: number;
  readonly health: AgentHealth;
  readonly status: HealthStatus;
}

/** How many batch ids are kept: enough for 100 nodes that flush every second and read within two. */
const maxBatchIds = 200;
/** The most agents that have figures, including removed ones. If there are more, the least recently asked agent is dropped. */
const maxAgents = 1_200;

export async function agentHealth(initial: HealthState): Promise<void> {
  let { version } = initial;
  const agents = new Map<string, Entry>();
  for (const [name, entry] of Object.entries(initial.agents)) {
    const health = unpackHealth(entry.health);
    const status = entry.status ?? healthStatus(health, Date.now());
    agents.set(name, { version: entry.version, health, status });
  }
  let batchIds = [...initial.batchIds];
  const changes = new StateChanges(initial.changes);

  const put = (name: string, entry: Omit<Entry, 'version'>): void => {
    agents.delete(name);
    agents.set(name, { version, ...entry });
    const [oldest] = agents.keys();
    if (agents.size > maxAgents && oldest !== undefined) agents.delete(oldest);
  };

  const change = (name: string, how: (health: AgentHealth) => void): void => {
    const { health, status } = agents.get(name) ?? newEntry();
    how(health);
    put(name, { health, status });
  };
  /** Adds a change if the agent's status is no longer the one that was noted last. */
  const noteStatus = (name: string): void => {
    const entry = agents.get(name);
    if (!entry) return;
    const status = healthStatus(entry.health, Date.now());
    changes.note(name, entry.status, status, Date.now());
    agents.set(name, { ...entry, status });
  };
  const packed = (health: AgentHealth): PackedHealth => packHealth(health, agents.size);

  setHandler(reportOutcomesSignal, ({ batchId, outcomes }) => {
    if (batchIds.includes(batchId)) return;
    batchIds = [...batchIds, batchId].slice(-maxBatchIds);
    version += 1;
    for (const outcome of outcomes) change(outcome.agent, (health) => recordOutcome(health, outcome));
    for (const name of new Set(outcomes.map(({ agent }) => agent))) noteStatus(name);
  });
  setHandler(forgetAgentSignal, (name) => {
    version += 1;
    put(name, newEntry()); // That an agent was removed is no change of its status.
  });
  setHandler(resetAgentSignal, (name, at) => {
    version += 1;
    change(name, (health) => resetHealth(health, at));
    noteStatus(name);
  });
  setHandler(noteStatesSignal, () => {
    for (const name of agents.keys()) noteStatus(name);
  });
  setHandler(healthChangesQuery, (since) => {
    const changed = [...agents].filter(([, entry]) => entry.version > since);
    return {
      version,
      agents: Object.fromEntries(changed.map(([name, { health }]) => [name, packed(health)])),
      batchIds,
    };
  });
  setHandler(stateChangesQuery, (told) => {
    const series = workflowInfo().firstExecutionRunId;
    const ends = [...agents.values()].map(
      ({ health, status }) => statusEndsAt(health, status, Date.now()) ?? Infinity,
    );
    const nextAt = ends.reduce((earliest, at) => Math.min(earliest, at), Infinity);
    return {
      series,
      sequence: changes.sequence,
      changes: changes.after(told?.series === series ? told.sequence : 0),
      ...(nextAt < Infinity && { nextAt }),
    };
  });

  await condition(() => workflowInfo().continueAsNewSuggested);
  await condition(allHandlersFinished);
  const kept = [...agents].map(
    ([name, entry]) => [name, { ...entry, health: packed(entry.health) }] as const,
  );
  await continueAsNew<typeof agentHealth>({
    version,
    agents: Object.fromEntries(kept),
    batchIds,
    changes: changes.kept,
  });
}

function newEntry(): Omit<Entry, 'version'> {
  return { health: newHealth(), status: 'healthy' };
}
