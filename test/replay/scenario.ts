import type { Script } from '../agents/scripted-agent.ts';
import type { Json } from '../rig/http-client.ts';
import type { Environment } from '../rig/test-node.ts';
import type { Stage } from './stage.ts';

export interface Scenario {
  /** Name of the history's file. */
  readonly name: string;
  /** Settings of the node. */
  readonly settings?: Environment;
  /** Runs the scenario. Returns the id of the workflow whose newest run is recorded. */
  readonly run: (stage: Stage) => Promise<string>;
}

export const answer: Script = () => ({ body: { content: 'an answer' } });

/** One call of an agent that behaves as the script says. */
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

/** The deadline has time for two of three agents. The first one hangs, and the third is skipped. */
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
