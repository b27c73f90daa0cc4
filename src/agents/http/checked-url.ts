import { agentUrl, type AgentConfig } from '../../domain/agent.ts';
import { AgentError } from '../transport.ts';
import { checkHost } from './address-guard.ts';

/**
 * Returns the agent's origin, such as `https://host:443`. Checks the host again, although it was checked at registration,
 * because an IP literal reaches the socket without a lookup. Throws `AgentError` of type `connection` if the host is refused.
 */
export function checkedUrl(agent: AgentConfig): string {
  const check = checkHost(agent.host);
  if (!check.ok) throw new AgentError('connection', `The agent's address is refused: ${check.reason}`);
  return agentUrl({ ...agent, host: check.host });
}
