import { agentPage } from '../links.ts';

/** A link to an agent's page. */
export function AgentLink({ name }: { name: string }) {
  return <a href={agentPage(name)}>{name}</a>;
}
