import type { AgentName } from '../agents/cast.ts';
import { until } from '../pause.ts';
import type { Answer } from './api.ts';
import type { Stage } from './stage.ts';

/** Registers an agent of the cast, under another name if given, with a new token. */
export function register(
  { api, cast, secrets }: Pick<Stage, 'api' | 'cast' | 'secrets'>,
  facade: string,
  agentName: AgentName,
  name: string = agentName,
): Promise<Answer | undefined> {
  const agent = cast.agents[agentName];
  const token = secrets.make(`a token of ${name}`);
  agent.tokens.add(token);
  return api.send(facade, 'POST', '/api/vps/register', {
    body: {
      name,
      host: '127.0.0.1',
      port: agent.proxy.port,
      auth_token: token,
      ...cast.registrations[agentName],
    },
  });
}

/** Throws unless every agent is registered in the end. */
export async function registerAll(stage: Pick<Stage, 'api' | 'cast' | 'secrets'>): Promise<void> {
  for (const name of Object.keys(stage.cast.agents) as AgentName[]) {
    const done = await until(
      async () => (await register(stage, stage.api.facades[0] ?? '', name))?.status === 201,
      20_000,
    );
    if (!done) throw new Error(`The agent ${name} cannot be registered`);
  }
}
