import { agentUrl, type AgentConfig } from '../../domain/agent.ts';
import { AgentError } from '../transport.ts';
import { checkHost } from './address-guard.ts';

/**
 * The agent's origin, such as `https://host:443`. IP literals reach the socket without any lookup, so hosts are checked
 * here again and not only when they are registered. Throws `AgentError` of type `connection` for a refused one.
 */
export function checkedUrl(agent: AgentConfig): string {
  const check = checkHost(agent.host);
  if (!check.ok) throw new AgentError('connection', `The agent's address is refused: ${check.reason}`);
  return agentUrl({ ...agent, host: check.host });
}
