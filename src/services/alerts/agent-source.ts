/** Which agents cannot be reached, as the workflow `agentHealth` has counted it for the cluster. */
import { agentCondition } from '../../domain/alert-conditions.ts';
import { allProjects } from '../../domain/project.ts';
import type { Agents } from '../agents/agents.ts';
import type { Health } from '../agents/health.ts';
import type { ConditionSource } from './reporter.ts';

interface Parts {
  readonly agents: Pick<Agents, 'refresh' | 'list' | 'pauseOf'>;
  readonly health: Pick<Health, 'refresh' | 'of'>;
  readonly forMs: number;
}

export function agentSource({ agents, health, forMs }: Parts): ConditionSource {
  return {
    conditions: ['agent_unreachable'],
    async read(now) {
      await agents.refresh();
      await health.refresh();
      // Who paused an agent knows of it, and nobody asks the agent whether it is back.
      const inRotation = agents.list(allProjects).filter(({ name }) => agents.pauseOf(name) === undefined);
      return inRotation.flatMap(
        (agent) => agentCondition(agent, health.of(agent.name), { now, forMs }) ?? [],
      );
    },
  };
}
