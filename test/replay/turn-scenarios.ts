/** Scenarios of calls in sessions. Their own ending is the record of their turn (ADR 0035). */
import { setTimeout as pass } from 'node:timers/promises';
import { answer, callOf, type Scenario } from './scenario.ts';
import { closedWhileQueued, interrupted, openTurn, queueOfTwo, startUnfollowed } from './session-stage.ts';
import type { Stage } from './stage.ts';

const inSession = { session_id: 'recorded' };
const large = 'x'.repeat(20_000);

/** The holder of the turn ends, and the session sends the turn to the call that waits. */
async function told(stage: Stage): Promise<string> {
  const { waiting, release } = await queueOfTwo(stage);
  await stage.happened(`call-${waiting}`, 'EVENT_TYPE_TIMER_STARTED');
  release();
  await stage.end(waiting);
  return `call-${waiting}`;
}

async function cancelledWaiting(stage: Stage): Promise<string> {
  const { waiting, release } = await queueOfTwo(stage);
  await stage.happened(`call-${waiting}`, 'EVENT_TYPE_TIMER_STARTED');
  await stage.http.post(`/api/vps/calls/${waiting}/cancel`);
  await stage.end(waiting);
  release();
  return `call-${waiting}`;
}

async function overdueWaiting(stage: Stage): Promise<string> {
  const { waiting, release } = await queueOfTwo(stage, { deadline_seconds: 1.5 });
  await stage.end(waiting);
  release();
  return `call-${waiting}`;
}

/** The call's first task comes more than 5 s after its turn was granted. */
async function late(stage: Stage): Promise<string> {
  const first = await stage.worker();
  await stage.agent('patient', answer);
  const before = await stage.start({ agent_name: 'patient', prompt: 'a question', ...inSession });
  await stage.end(before);
  await stage.http.get('/api/vps/sessions/recorded'); // The session now has the ending of that call.
  const turn = await openTurn(stage, inSession.session_id, 'late');
  first.kill('SIGKILL');
  await startUnfollowed(stage, before, 'late', turn);
  await pass(6_000);
  await stage.worker();
  await stage.end('late');
  return 'call-late';
}

/** A failed call is run again with another agent and prompt. */
async function rerun({ agent, start, end, http }: Stage): Promise<string> {
  await agent('refusing', () => ({ status: 400 }));
  await agent('helping', answer);
  const callId = await start({ agent_name: 'refusing', prompt: 'a question', ...inSession });
  await end(callId);
  const { body } = await http.post(`/api/vps/calls/${callId}/rerun`, {
    agent_name: 'helping',
    fallback_agents: ['refusing'],
    prompt: 'another question',
    deadline_seconds: 60,
  });
  await end(String(body.call_id));
  return `call-${String(body.call_id)}`;
}

export const turnScenarios: readonly Scenario[] = [
  // The prompt and the answer are references to the payload store.
  callOf(
    'turn-granted',
    () => ({ body: { content: large } }),
    {},
    { prompt: `${large}?`, ...inSession, metadata: { source: 'test' } },
  ),
  {
    name: 'turn-cancelled',
    settings: { HOLDFAST_FIRST_TASK_WAIT_MS: '2000' },
    run: async ({ agent, start, end, http }) => {
      const slow = await agent('slow', () => ({ hang: true }));
      const callId = await start({ agent_name: 'slow', prompt: 'a question', ...inSession });
      await slow.waitForRequests(1);
      await http.post(`/api/vps/calls/${callId}/cancel`);
      await end(callId);
      return `call-${callId}`;
    },
  },
  { name: 'turn-told', run: told },
  { name: 'turn-cancelled-waiting', run: cancelledWaiting },
  { name: 'turn-overdue-waiting', run: overdueWaiting },
  { name: 'turn-of-closed-session', run: async (stage) => `call-${await closedWhileQueued(stage)}` },
  { name: 'turn-late', settings: { HOLDFAST_EMBEDDED_WORKER: 'off' }, run: late },
  { name: 'turn-of-rerun', run: rerun },
  { name: 'turn-superseded', run: async (stage) => `call-${(await interrupted(stage)).holder}` },
  { name: 'turn-superseded-waiting', run: async (stage) => `call-${(await interrupted(stage)).waiting}` },
];
