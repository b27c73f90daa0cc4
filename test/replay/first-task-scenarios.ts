/** Scenarios of the first-task path: agents are asked within the workflow task. */
import type { Script } from '../agents/scripted-agent.ts';
import { answer, callOf, shortDeadline, type Scenario } from './scenario.ts';

const refuse: Script = () => ({ status: 401 });
/** The task waits only a moment, so that the request is left open for the activity. */
const impatient = { HOLDFAST_FIRST_TASK_WAIT_MS: '50' };

const slowly: Script = async () => {
  await new Promise((resolve) => setTimeout(resolve, 400));
  return { body: { content: 'at last' } };
};

export const firstTaskScenarios: readonly Scenario[] = [
  callOf('first-task-success', answer),
  callOf('first-task-failed', refuse),
  shortDeadline('first-task-short-deadline'),
  callOf('first-task-left-open', slowly, {}, {}, impatient),
  callOf(
    'first-task-retried',
    ({ attempt }) => (attempt === 1 ? { status: 500 } : { body: { content: 'again' } }),
    { max_retries: 1 },
  ),
  {
    name: 'first-task-failover',
    run: async ({ agent, start, end }) => {
      await agent('last-resort', answer);
      const config = { max_retries: 0, fallback_agents: ['unregistered', 'last-resort'] };
      await agent('first-choice', () => ({ status: 503 }), config);
      const callId = await start({ agent_name: 'first-choice', prompt: 'a question' });
      await end(callId);
      return `call-${callId}`;
    },
  },
  {
    name: 'cancelled-without-slot',
    run: async ({ agent, start, end, http }) => {
      let free = (): void => undefined;
      const freed = new Promise<void>((resolve) => (free = resolve));
      const busy = await agent('busy', async () => (await freed, { body: { content: 'free' } }), {
        max_concurrency: 1,
      });
      const refusing = await agent('refusing', refuse, { max_retries: 0, fallback_agents: ['busy'] });
      const holder = await start({ agent_name: 'busy', prompt: 'a question' });
      await busy.waitForRequests(1);
      const callId = await start({ agent_name: 'refusing', prompt: 'a question' });
      await refusing.waitForRequests(1);
      await http.post(`/api/vps/calls/${callId}/cancel`);
      await end(callId);
      free();
      await end(holder);
      return `call-${callId}`;
    },
  },
];
