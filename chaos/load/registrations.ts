import type { AgentName } from '../agents/test-agents.ts';
import { until } from '../pause.ts';
import type { Answer } from './api.ts';
import type { Stage } from './stage.ts';

/** Registers a test agent with a new token, under its own name or under `name`. */
export function register(
  { api, testAgents, secrets }: Pick<Stage, 'api' | 'testAgents' | 'secrets'>,
  facade: string,
  agentName: AgentName,
  name: string = agentName,
): Promise<Answer | undefined> {
  const agent = testAgents.agents[agentName];
  const token = secrets.make(`a token of ${name}`);
  agent.tokens.add(token);
  return api.send(facade, 'POST', '/api/vps/register', {
    body: {
      name,
      host: '127.0.0.1',
      port: agent.proxy.port,
      auth_token: token,
      ...testAgents.registrations[agentName],
    },
  });
}

/** Registers every agent, each within 20 s. Throws if one cannot be registered. */
export async function registerAll(stage: Pick<Stage, 'api' | 'testAgents' | 'secrets'>): Promise<void> {
  for (const name of Object.keys(stage.testAgents.agents) as AgentName[]) {
    const done = await until(
      async () => (await register(stage, stage.api.facades[0] ?? '', name))?.status === 201,
      20_000,
    );
    if (!done) throw new Error(`The agent ${name} cannot be registered`);
  }
}
