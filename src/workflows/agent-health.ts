/** The entity that holds the health of all agents. Nodes send it batches of outcomes. */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { newHealth, recordOutcome, type AgentHealth } from '../domain/health.ts';
import { packHealth, unpackHealth, type PackedHealth } from '../domain/packed-health.ts';
import { resetHealth } from '../domain/reset-health.ts';
import { forgetAgentSignal, healthChangesQuery, reportOutcomesSignal, resetAgentSignal } from './messages.ts';

/** The state that the entity carries to its next run. */
export interface HealthState {
  readonly version: number;
  readonly agents: Readonly<Record<string, { version: number; health: PackedHealth }>>;
  /** Ids of the latest recorded batches, oldest first. They are kept so that a batch that is sent twice is recorded once. */
  readonly batchIds: readonly string[];
}

/** How many batch ids are kept: enough for 100 nodes that flush every second and read within two. */
const maxBatchIds = 200;
/** The most agents that have figures, including removed ones. If there are more, the least recently asked agent is dropped. */
const maxAgents = 1_200;

export async function agentHealth(initial: HealthState): Promise<void> {
  let { version } = initial;
  const agents = new Map<string, { version: number; health: AgentHealth }>();
  for (const [name, entry] of Object.entries(initial.agents))
    agents.set(name, { version: entry.version, health: unpackHealth(entry.health) });
  let batchIds = [...initial.batchIds];

  const put = (name: string, health: AgentHealth): void => {
    agents.delete(name);
    agents.set(name, { version, health });
    const [oldest] = agents.keys();
    if (agents.size > maxAgents && oldest !== undefined) agents.delete(oldest);
  };

  const change = (name: string, how: (health: AgentHealth) => void): void => {
    const health = agents.get(name)?.health ?? newHealth();
    how(health);
    put(name, health);
  };
  const packed = (health: AgentHealth): PackedHealth => packHealth(health, agents.size);

  setHandler(reportOutcomesSignal, ({ batchId, outcomes }) => {
    if (batchIds.includes(batchId)) return;
    batchIds = [...batchIds, batchId].slice(-maxBatchIds);
    version += 1;
    for (const outcome of outcomes) change(outcome.agent, (health) => recordOutcome(health, outcome));
  });
  setHandler(forgetAgentSignal, (name) => {
    version += 1;
    put(name, newHealth());
  });
  setHandler(resetAgentSignal, (name, at) => {
    version += 1;
    change(name, (health) => resetHealth(health, at));
  });
  setHandler(healthChangesQuery, (since) => {
    const changed = [...agents].filter(([, entry]) => entry.version > since);
    return {
      version,
      agents: Object.fromEntries(changed.map(([name, { health }]) => [name, packed(health)])),
      batchIds,
    };
  });

  await condition(() => workflowInfo().continueAsNewSuggested);
  await condition(allHandlersFinished);
  const kept = [...agents].map(
    ([name, entry]) => [name, { ...entry, health: packed(entry.health) }] as const,
  );
  await continueAsNew<typeof agentHealth>({ version, agents: Object.fromEntries(kept), batchIds });
}
