/** What is in a data directory that test/upgrade/make-old-data.ts made, and the agent that its calls ask. */
import type { Json } from '../rig/http-client.ts';
import { ScriptedAgent, type Script } from '../agents/scripted-agent.ts';
import type { Environment } from '../rig/test-node.ts';

/** The settings of the old node that the new one needs as well. */
export const settings: Environment = {
  HOLDFAST_RETENTION_DAYS: '3650',
  HOLDFAST_SESSION_HISTORY_EVENTS: '50',
  HOLDFAST_SESSION_OLDER_BYTES: '2048',
  HOLDFAST_WINDOW_MESSAGES: '4',
};

/** What was under way when everything was killed. Times are epoch ms. */
export interface OldData {
  readonly madeAt: number;
  /** When Temporal ends the call `asked by an activity`, whose timer in a worker holds at most 24 days. */
  readonly overdueAt: number;
  /** The id of each call by its prompt. The prompts of the session `chat` are longer by some dots. */
  readonly callIds: Readonly<Record<string, string>>;
  /** Prompts of calls that had ended. */
  readonly ended: readonly string[];
  /** Prompts of calls that had ended, whose sessions had the signal that says so but had not handled it. */
  readonly endedUntold: readonly string[];
}

/** Sessions with one call each. All of them are answered at once, and the workers are killed while they end. */
export const storms = Array.from({ length: 8 }, (_, index) => `storm ${index}`);

/** The agent's port, below the ports that the system gives away. The recorded calls know it. */
const agentPort = 20_735;

/** Starts the agent that the calls ask. Throws if its port is taken. */
export async function startOldAgent(script: Script): Promise<ScriptedAgent> {
  const agent = new ScriptedAgent(script, agentPort);
  try {
    await agent.start();
  } catch (error) {
    throw new Error(
      `Port ${agentPort} must be free: the calls of the old data directory ask their agent there`,
      {
        cause: error,
      },
    );
  }
  return agent;
}

/** Answers a prompt by repeating it. */
export const echo: Script = ({ body }) => ({ body: { content: answerTo(promptIn(body)) } });

export function answerTo(prompt: string): string {
  return `re: ${prompt}`;
}

export function promptIn(body: unknown): string {
  return String((body as { messages: Json[] }).messages.at(-1)?.['content']);
}
