/** One way for a workflow to go per scenario; `npm run histories` records each, CI replays what was recorded. */
import { startAgent, type Script, type ScriptedAgent } from '../agents/scripted-agent.ts';
import type { Json } from '../rig/http-client.ts';
import type { TestNode } from '../rig/test-node.ts';

interface Stage {
  readonly test: TestNode;
  /** Registers an agent that does as the script says; closed afterwards. */
  readonly agent: (name: string, script: Script, config?: Json) => Promise<ScriptedAgent>;
  /** Starts a call without waiting; its id. */
  readonly start: (body: Json) => Promise<string>;
  /** Until the call has ended. */
  readonly end: (callId: string) => Promise<void>;
}

export interface Scenario {
  /** Of the file. */
  readonly name: string;
  /** Returns the workflow id whose newest run is recorded. */
  readonly run: (stage: Stage) => Promise<string>;
}

const answer: Script = () => ({ body: { content: 'an answer' } });

/** One call of an agent that does as the script says. */
const callOf = (name: string, script: Script, config: Json = {}, body: Json = {}): Scenario => ({
  name,
  run: async ({ agent, start, end }) => {
    await agent(name, script, { max_retries: 0, ...config });
    const callId = await start({ agent_name: name, prompt: 'a question', ...body });
    await end(callId);
    return `call-${callId}`;
  },
});

export const scenarios: readonly Scenario[] = [
  callOf('success', answer),
  callOf('success-in-session', answer, {}, { session_id: 'recorded', metadata: { source: 'test' } }),
  callOf('retried', ({ attempt }) => (attempt === 1 ? { status: 500 } : { body: { content: 'again' } }), {
    max_retries: 1,
  }),
  callOf('failed-timeout', () => ({ hang: true }), { timeout_seconds: 0.3 }),
  callOf('failed-connection', () => ({ reset: true })),
  callOf('failed-rate-limit', () => ({ status: 429 })),
  callOf('failed-model-error', () => ({ status: 500 })),
  callOf('failed-auth', () => ({ status: 401 })),
  callOf('failed-invalid-request', () => ({ status: 400 })),
  callOf('failed-invalid-response', () => ({ body: {} })),
  callOf('failed-payload-too-large', () => ({ body: { content: 'x'.repeat(4_300_000) } })),
  callOf('failed-unknown', () => ({ status: 999 })),
  callOf('failed-in-session', () => ({ status: 401 }), {}, { session_id: 'recorded' }),
  callOf('deadline', () => ({ hang: true }), {}, { deadline_seconds: 1.5 }),
  callOf('deadline-before-asking', answer, {}, { deadline_seconds: 0.2 }),
  {
    name: 'failover',
    run: async ({ agent, start, end }) => {
      await agent('last-resort', answer);
      await agent('first-choice', () => ({ status: 503 }), {
        max_retries: 0,
        fallback_agents: ['unregistered', 'last-resort'],
      });
      const callId = await start({ agent_name: 'first-choice', prompt: 'a question' });
      await end(callId);
      return `call-${callId}`;
    },
  },
  {
    name: 'cancelled',
    run: async ({ agent, start, end, test }) => {
      const slow = await agent('slow', () => ({ hang: true }));
      const callId = await start({ agent_name: 'slow', prompt: 'a question', session_id: 'cancelled' });
      await slow.waitForRequests(1);
      await test.http.post(`/api/vps/calls/${callId}/cancel`);
      await end(callId);
      return `call-${callId}`;
    },
  },
  {
    name: 'queued-turn',
    run: async ({ agent, start, end }) => {
      let release = (): void => undefined;
      const gate = new Promise<void>((resolve) => (release = resolve));
      const gated = await agent('gated', async () => {
        await gate;
        return { body: { content: 'at last' } };
      });
      const first = await start({ agent_name: 'gated', prompt: 'first', session_id: 'queue' });
      await gated.waitForRequests(1);
      const second = await start({ agent_name: 'gated', prompt: 'second', session_id: 'queue' });
      release();
      await end(first);
      await end(second);
      return `call-${second}`;
    },
  },
  {
    name: 'rerun',
    run: async ({ agent, start, end, test }) => {
      await agent('rerun', ({ attempt }) =>
        attempt === 1 ? { status: 400 } : { body: { content: 'mended' } },
      );
      const callId = await start({ agent_name: 'rerun', prompt: 'a question' });
      await end(callId);
      const { body } = await test.http.post(`/api/vps/calls/${callId}/rerun`);
      await end(String(body.call_id));
      return `call-${String(body.call_id)}`;
    },
  },
  { name: 'session', run: () => Promise.resolve('session-queue') },
  {
    // The run after the renewal, which begins with what was carried over; the run before it has 4 MiB.
    name: 'session-continued-as-new',
    run: async ({ agent, start, end }) => {
      await agent('renewing', answer, { history: 'none' });
      // The update results hold the window: large early messages bring the history to Temporal's limit.
      for (let turn = 0; turn < 38; turn++) {
        const prompt = turn < 16 ? 'x'.repeat(15_000) : `turn ${turn}`;
        await end(await start({ agent_name: 'renewing', prompt, session_id: 'renewed' }));
      }
      return 'session-renewed';
    },
  },
  { name: 'agent-directory', run: () => Promise.resolve('agent-directory') },
  { name: 'agent-health', run: () => Promise.resolve('agent-health') },
];

/** Agents that are closed at the end, and calls that are waited for by polling. */
export function stageOf(test: TestNode): Stage & { close(): Promise<void> } {
  const agents: ScriptedAgent[] = [];
  return {
    test,
    async agent(name, script, config) {
      const agent = await startAgent(script);
      agents.push(agent);
      await test.http.register(name, agent.port, config);
      return agent;
    },
    async start(body) {
      const answer = await test.http.call(body, { Prefer: 'respond-async' });
      if (answer.status !== 202) throw new Error(JSON.stringify(answer.body));
      return String(answer.body.call_id);
    },
    async end(callId) {
      await test.temporal.workflow
        .getHandle(`call-${callId}`)
        .result()
        .catch(() => undefined);
    },
    async close() {
      await Promise.all(agents.map((agent) => agent.close()));
    },
  };
}
