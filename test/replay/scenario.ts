import type { Script } from '../agents/scripted-agent.ts';
import type { Json } from '../rig/http-client.ts';
import type { Environment } from '../rig/test-node.ts';
import type { Stage } from './stage.ts';

export interface Scenario {
  /** Of the file. */
  readonly name: string;
  /** Of its node. */
  readonly settings?: Environment;
  /** Returns the workflow id whose newest run is recorded. */
  readonly run: (stage: Stage) => Promise<string>;
}

export const answer: Script = () => ({ body: { content: 'an answer' } });

/** One call of an agent that does as the script says. */
export const callOf = (
  name: string,
  script: Script,
  config: Json = {},
  body: Json = {},
  settings: Environment = {},
): Scenario => ({
  name,
  settings,
  run: async ({ agent, start, end }) => {
    await agent(name, script, { max_retries: 0, ...config });
    const callId = await start({ agent_name: name, prompt: 'a question', ...body });
    await end(callId);
    return `call-${callId}`;
  },
});

/** Time for two of three agents, the first of which hangs; the third is left out. */
export const shortDeadline = (name: string): Scenario => ({
  name,
  run: async ({ agent, start, end }) => {
    await agent('left-out', answer);
    await agent('refusing', () => ({ status: 401 }), { max_retries: 0, fallback_agents: ['left-out'] });
    await agent('hung', () => ({ hang: true }), { max_retries: 0, fallback_agents: ['refusing'] });
    const callId = await start({ agent_name: 'hung', prompt: 'a question', deadline_seconds: 0.5 });
    await end(callId);
    return `call-${callId}`;
  },
});
