/** Finds the agent that a request is about, and who may tend it. */
import type { AgentConfig } from '../../domain/agent.ts';
import { Refusal } from '../../domain/failures.ts';
import { allProjects, defaultProject } from '../../domain/project.ts';
import { agentsProject, type Principal } from '../http/auth.ts';
import type { ApiDependencies } from '../http/dependencies.ts';

type Directory = ApiDependencies['agents']['directory'];

/** Throws the refusal `agent_not_found` if there is no such agent that the sender may see. */
export async function findAgent(agents: Directory, principal: Principal, name: string): Promise<AgentConfig> {
  const agent = await agents.find(agentsProject(principal), name);
  if (!agent) throw new Refusal('agent_not_found', `Agent '${name}' not registered`);
  return agent;
}

/**
 * Like `findAgent`, for a request that changes something about the agent. Throws the refusal `agent_not_allowed` if the sender
 * may not call the agent, or other projects depend on it, too.
 */
export async function findOwnAgent(
  { agents, charges }: { readonly agents: Directory; readonly charges: ApiDependencies['charges'] },
  principal: Principal,
  name: string,
): Promise<AgentConfig> {
  charges.requireAgent(principal, principal.project, name);
  const agent = await findAgent(agents, principal, name);
  const isOwn = agent.project !== undefined || principal.project === defaultProject;
  if (!isOwn && agentsProject(principal) !== allProjects)
    throw new Refusal(
      'agent_not_allowed',
      `Agent '${name}' is shared by all projects: this takes a key of the project ${defaultProject}, or the scope admin`,
    );
  return agent;
}
