import { invalid } from '../../domain/failures.ts';
import { allProjects } from '../../domain/project.ts';
import type { Agents } from '../../services/agents/agents.ts';
import { hasToken, mayShareToken, type AgentConfig } from '../../domain/agent.ts';

/**
 * Returns the new config with the token of the config that it replaces, if that has one. The address must stay the same:
 * otherwise somebody who does not know the token could have it sent elsewhere (I5). Throws the refusal `validation_failed`.
 */
export function withKeptToken(agents: Agents, config: AgentConfig): AgentConfig {
  if (hasToken(config)) throw invalid('keep_auth_token', 'cannot be combined with auth_token');
  const before = agents.lookup(allProjects, config.name);
  if (!before || !hasToken(before)) return config;
  if (!mayShareToken(before, config))
    throw invalid(
      'keep_auth_token',
      `the token is for ${before.protocol}://${before.host}${before.project === undefined ? '' : ` in the project ${before.project}`}; give it again for another address or project`,
    );
  const { sealedToken, tokenReference } = before;
  return {
    ...config,
    ...(sealedToken !== undefined && { sealedToken }),
    ...(tokenReference !== undefined && { tokenReference }),
  };
}
