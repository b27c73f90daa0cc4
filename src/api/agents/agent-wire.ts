import type { Agent } from '../../contract/agents.ts';
import { agentUrl, hasToken, type AgentConfig } from '../../domain/agent.ts';

/**
 * Converts an agent's config to the form that the API returns, which never contains the token, sealed or not (I5). Fallbacks
 * that `isOfOther` says to belong to another project are left out.
 */
export function agentToWire(agent: AgentConfig, isOfOther: (name: string) => boolean): Agent {
  return {
    name: agent.name,
    project: agent.project ?? null,
    host: agent.host,
    port: agent.port,
    protocol: agent.protocol,
    url: agentUrl(agent),
    path: agent.path,
    timeout_seconds: agent.timeoutMs / 1_000,
    max_retries: agent.maxRetries,
    max_concurrency: agent.maxConcurrency ?? null,
    fallback_agents: agent.fallbackAgents.filter((name) => !isOfOther(name)),
    history: agent.history,
    expect: agent.expect
      ? {
          min_length: agent.expect.minLength ?? null,
          json_schema: agent.expect.jsonSchema ?? null,
          deny_regex: agent.expect.denyRegex ?? null,
        }
      : null,
    health_path: agent.healthPath ?? null,
    has_auth_token: hasToken(agent),
    auth_token_reference: agent.tokenReference ?? null,
  };
}
