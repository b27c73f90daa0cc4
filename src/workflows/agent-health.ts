/** The one entity that holds every agent's health, fed by batches of outcomes from the nodes. */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { newHealth, recordOutcome, type AgentHealth } from '../domain/health.ts';
import { forgetAgent, healthChanges, reportOutcomes } from './messages.ts';

export interface HealthState {
  readonly version: number;
  readonly agents: Readonly<Record<string, { version: number; health: AgentHealth }>>;
  /** Ids of the last batches taken, oldest first. */
  readonly batchIds: readonly string[];
}

/** Enough for 100 nodes that flush every second and read within two. */
const maxBatchIds = 200;
/** Agents with figures, registered or lately removed: the least lately asked goes first. */
const maxAgents = 1_200;

export async function agentHealth(initial: HealthState): Promise<void> {
  let { version } = initial;
  const agents = new Map(Object.entries(initial.agents));
  let batchIds = [...initial.batchIds];

  const put = (name: string, health: AgentHealth): void => {
    agents.delete(name);
    agents.set(name, { version, health });
    const [oldest] = agents.keys();
    if (agents.size > maxAgents && oldest !== undefined) agents.delete(oldest);
  };

  setHandler(reportOutcomes, ({ batchId, outcomes }) => {
    if (batchIds.includes(batchId)) return;
    batchIds = [...batchIds, batchId].slice(-maxBatchIds);
    version += 1;
    for (const outcome of outcomes) {
      const health = agents.get(outcome.agent)?.health ?? newHealth();
      recordOutcome(health, outcome);
      put(outcome.agent, health);
    }
  });
  setHandler(forgetAgent, (name) => {
    version += 1;
    put(name, newHealth());
  });
  setHandler(healthChanges, (since) => {
    const changed = [...agents].filter(([, entry]) => entry.version > since);
    return {
      version,
      agents: Object.fromEntries(changed.map(([name, { health }]) => [name, health])),
      batchIds,
    };
  });

  await condition(() => workflowInfo().continueAsNewSuggested);
  await condition(allHandlersFinished);
  await continueAsNew<typeof agentHealth>({ version, agents: Object.fromEntries(agents), batchIds });
}
