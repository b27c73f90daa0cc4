/** The agents that a run calls: how each one behaves and how it is registered. */
import { randomUUID } from 'node:crypto';
import { pause } from '../pause.ts';
import type { Random } from '../random.ts';
import { ChaosAgent, type Asked, type Manner } from './chaos-agent.ts';
import type { Ledger } from './ledger.ts';

/** Fields of the registration request besides name, host, port and token. */
type Registration = Readonly<Record<string, unknown>>;

interface Role {
  readonly manner: Manner;
  readonly registration: Registration;
}

export type AgentName = 'echo' | 'slow' | 'flaky' | 'down' | 'leaky' | 'bounded' | 'broken' | 'wordy';

/** `max_concurrency` of the agent `bounded`: how many requests to it one node may have in flight. */
export const boundedCalls = 3;

/** The running agents and their registrations, by name. */
export interface TestAgents {
  readonly agents: Readonly<Record<AgentName, ChaosAgent>>;
  readonly registrations: Readonly<Record<AgentName, Registration>>;
  close(): Promise<void>;
}

/** Starts every agent. `random` decides their delays and failures; `ledger` records the requests that they receive. */
export async function startTestAgents(random: Random, ledger: Ledger): Promise<TestAgents> {
  const roles = rolesOf(random);
  const started = await Promise.all(
    Object.entries(roles).map(async ([name, { manner }]) => [
      name,
      await ChaosAgent.start(name, manner, ledger),
    ]),
  );
  const agents = Object.fromEntries(started) as Record<AgentName, ChaosAgent>;
  agents.down.proxy.set({ kind: 'reset' });
  return {
    agents,
    registrations: Object.fromEntries(
      Object.entries(roles).map(([name, role]) => [name, role.registration]),
    ) as Record<AgentName, Registration>,
    async close() {
      await Promise.all(Object.values(agents).map((agent) => agent.close()));
    },
  };
}

function rolesOf(random: Random): Record<AgentName, Role> {
  return {
    echo: {
      manner: async ({ prompt }) => {
        await pause(random.whole(0, 30));
        return answer('echo', prompt);
      },
      registration: { timeout_seconds: 8, max_retries: 2 },
    },
    slow: {
      manner: async ({ prompt }) => {
        await pause(random.whole(1_000, 6_000));
        return answer('slow', prompt);
      },
      registration: { timeout_seconds: 5, max_retries: 1, fallback_agents: ['echo'] },
    },
    flaky: {
      manner: (asked) => flaky(asked, random),
      registration: { timeout_seconds: 5, max_retries: 2, fallback_agents: ['leaky', 'echo'] },
    },
    down: {
      manner: ({ prompt }) => Promise.resolve(answer('down', prompt)),
      registration: { timeout_seconds: 5, max_retries: 1, fallback_agents: ['flaky'] },
    },
    leaky: {
      manner: (asked) => Promise.resolve(leaky(asked, random)),
      registration: { timeout_seconds: 5, max_retries: 0, fallback_agents: ['echo'] },
    },
    wordy: {
      // Many of these answers are too large for a history, so they go through the payload store.
      manner: async ({ prompt }) => {
        await pause(random.whole(0, 100));
        const { content } = answer('wordy', prompt).body;
        return { body: { content: content.padEnd(random.whole(4_000, 120_000), ' and on') } };
      },
      registration: { timeout_seconds: 8, max_retries: 2 },
    },
    broken: {
      manner: async () => {
        await pause(random.whole(0, 100));
        return random.chance(0.5) ? { status: 503, body: {} } : { status: 400, body: { error: 'never' } };
      },
      registration: { timeout_seconds: 5, max_retries: 1 },
    },
    bounded: {
      manner: async ({ prompt }) => {
        await pause(random.whole(20, 400));
        return answer('bounded', prompt);
      },
      registration: { timeout_seconds: 8, max_retries: 2, max_concurrency: boundedCalls },
    },
  };
}

/** Makes a unique answer, so that a call that was answered twice is noticed. */
function answer(agent: string, prompt: string) {
  return { body: { content: `${agent} ${randomUUID()} re ${prompt.slice(0, 40)}` } };
}

async function flaky({ prompt }: Asked, random: Random): ReturnType<Manner> {
  await pause(random.whole(0, 200));
  switch (random.whole(0, 7)) {
    case 0:
      return { status: 500, body: '<p>broken</p>' };
    case 1:
      return { status: 429, body: { error: 'slow down' } };
    case 2:
      return 'reset';
    case 3:
      return { body: 'no JSON at all' };
    default:
      return answer('flaky', prompt);
  }
}

/** Answers with the token of the request in the answer or in an error. Holdfast must redact it (I5). */
function leaky({ prompt, authorization }: Asked, random: Random): Awaited<ReturnType<Manner>> {
  if (random.chance(0.4)) return { status: 401, body: { error: { message: `bad key ${authorization}` } } };
  return { body: { content: `leaky ${randomUUID()} re ${prompt.slice(0, 40)} with ${authorization}` } };
}
