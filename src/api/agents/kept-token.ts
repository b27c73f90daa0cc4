import type { Agents } from '../../services/agents/agents.ts';
import { invalid } from '../../services/calls/requested-chain.ts';
import { mayShareToken, type AgentConfig } from '../../domain/agent.ts';

/**
 * The config with the token of the one that it replaces, where there is one. A token goes only where it was given for,
 * never elsewhere by someone who does not know it (I5). Throws the refusal `validation_failed`.
 */
export function withKeptToken(agents: Agents, config: AgentConfig): AgentConfig {
  if (config.sealedToken !== undefined) throw invalid('keep_auth_token', 'goes without auth_token');
  const before = agents.lookup(config.name);
  if (before?.sealedToken === undefined) return config;
  if (!mayShareToken(before, config))
    throw invalid(
      'keep_auth_token',
      `the token is for ${before.protocol}://${before.host}; give it again for another address`,
    );
  return { ...config, sealedToken: before.sealedToken };
}
