import type { Agent, AgentPause as WirePause } from '../../contract/agents.ts';
import type { AgentPause } from '../../domain/agent-pause.ts';
import { iso, isoOrNull } from '../calls/wire.ts';
import { agentUrl, hasToken, type AgentConfig } from '../../domain/agent.ts';

/**
 * Converts an agent's config to the form that the API returns, which never contains the token, sealed or not (I5). Fallbacks
 * that `isOfOther` says to belong to another project are left out. `fallbackOf` are the agents that fall back to it.
 */
export function agentToWire(
  agent: AgentConfig,
  pause: AgentPause | undefined,
  isOfOther: (name: string) => boolean,
  fallbackOf: readonly string[],
): Agent {
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
    fallback_of: [...fallbackOf],
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
    paused: pauseToWire(pause),
  };
}

export function pauseToWire(pause: AgentPause | undefined): WirePause | null {
  if (!pause) return null;
  const { since, until, reason = null, newCalls, by = null } = pause;
  return { since: iso(since), until: isoOrNull(until), reason, new_calls: newCalls, by };
}
