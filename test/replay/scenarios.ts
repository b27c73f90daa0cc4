/** Each scenario is one path through a workflow. `npm run histories` records them, CI replays the recorded histories. */
import { firstTaskScenarios } from './first-task-scenarios.ts';
import { setTimeout as pass } from 'node:timers/promises';
import { defaultPayloadConverter } from '@temporalio/common';
import { newSession, type TurnReply } from '../../src/domain/session.ts';
import { rerunIdOf } from '../../src/domain/hashed-ids.ts';
import type { Script } from '../agents/scripted-agent.ts';
import type { Json } from '../rig/http-client.ts';
import { inputOf } from '../rig/call-input.ts';
import { answer, callOf, shortDeadline, type Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

export type { Scenario };

/** Two calls in one session: the first is asking its agent, the second waits for its turn. */
async function queueOfTwo({ agent, start }: Stage, second: Json = {}) {
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const gated = await agent('gated', async ({ attempt }) => {
    if (attempt === 1) await gate;
    return { body: { content: 'at last' } };
  });
  const call = (prompt: string) => ({ agent_name: 'gated', prompt, session_id: 'queue' });
  const holder = await start(call('first'));
  await gated.waitForRequests(1);
  return { holder, waiting: await start({ ...call('second'), ...second }), release: () => release() };
}

/** The signal ends the worker that asks; another worker takes over. */
const workerEndedBy = (name: string, signal: NodeJS.Signals): Scenario => ({
  name,
  settings: { HOLDFAST_EMBEDDED_WORKER: 'off' },
  run: async ({ agent, start, end, worker }) => {
    const first = await worker();
    const silent: Script = ({ attempt }) =>
      attempt === 1 ? { hang: true } : { body: { content: 'at last' } };
    const asked = await agent('asked-again', silent, { max_retries: 0 });
    const callId = await start({ agent_name: 'asked-again', prompt: 'a question' });
    await asked.waitForRequests(1);
    first.kill(signal);
    await worker();
    await end(callId);
    return `call-${callId}`;
  },
});

const large = 'x'.repeat(20_000);

async function cancelled({ agent, start, end, http }: Stage): Promise<string> {
  const slow = await agent('slow', () => ({ hang: true }));
  const callId = await start({ agent_name: 'slow', prompt: 'a question', session_id: 'cancelled' });
  await slow.waitForRequests(1);
  await http.post(`/api/vps/calls/${callId}/cancel`);
  await end(callId);
  return `call-${callId}`;
}

async function queued(stage: Stage): Promise<string> {
  const { waiting, release } = await queueOfTwo(stage);
  await stage.happened(`call-${waiting}`, 'EVENT_TYPE_TIMER_STARTED');
  release();
  await stage.end(waiting);
  return `call-${waiting}`;
}

async function cancelledWhileQueued(stage: Stage): Promise<string> {
  const { waiting, release } = await queueOfTwo(stage);
  await stage.happened(`call-${waiting}`, 'EVENT_TYPE_TIMER_STARTED');
  await stage.http.post(`/api/vps/calls/${waiting}/cancel`);
  await stage.end(waiting);
  release();
  return `call-${waiting}`;
}

/** The session is closed while both calls use it. */
async function removedWhileQueued(stage: Stage): Promise<string> {
  const { waiting, release } = await queueOfTwo(stage);
  await stage.happened(`call-${waiting}`, 'EVENT_TYPE_TIMER_STARTED');
  const session = stage.temporal.workflow.getHandle('session-queue');
  await session.executeUpdate('closeSession', { args: [true] });
  await session.result();
  await stage.end(waiting);
  release();
  return `call-${waiting}`;
}

async function deadlineWhileQueued(stage: Stage): Promise<string> {
  const { waiting, release } = await queueOfTwo(stage, { deadline_seconds: 1.5 });
  await stage.end(waiting);
  release();
  return `call-${waiting}`;
}

/** Reruns a failed call of a session with another agent and prompt. Returns the rerun's id. */
async function overridden({ agent, start, end, http }: Stage): Promise<string> {
  await agent('refusing', () => ({ status: 400 }));
  await agent('helping', answer);
  const callId = await start({ agent_name: 'refusing', prompt: 'a question', session_id: 'recorded' });
  await end(callId);
  const { body } = await http.post(`/api/vps/calls/${callId}/rerun`, {
    agent_name: 'helping',
    fallback_agents: ['refusing'],
    prompt: 'another question',
    deadline_seconds: 60,
  });
  await end(String(body.call_id));
  return String(body.call_id);
}

/** Calls without the first-task path: the activity asks from the start. */
const byTheActivity: readonly Scenario[] = [
  callOf('success', answer),
  callOf('success-in-session', answer, {}, { session_id: 'recorded', metadata: { source: 'test' } }),
  callOf('success-versioned', answer, {}, { session_id: 'recorded' }, { HOLDFAST_BUILD_ID: 'recorded' }),
  // The prompt and the answer are references to the payload store.
  callOf(
    'large-texts',
    () => ({ body: { content: large } }),
    {},
    { prompt: `${large}?`, session_id: 'recorded' },
  ),
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
  shortDeadline('short-deadline'),
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
  workerEndedBy('worker-stopped', 'SIGTERM'),
  workerEndedBy('worker-killed', 'SIGKILL'),
  // From before 'cancelled-on-record'.
  { name: 'cancelled', run: cancelled },
  { name: 'cancelled-on-record', run: cancelled },
  // From before sessions sent the turn by their signal.
  { name: 'queued-turn', run: queued },
  { name: 'cancelled-while-queued', run: cancelledWhileQueued },
  { name: 'deadline-while-queued', run: deadlineWhileQueued },
  { name: 'queued-turn-told', run: queued },
  { name: 'cancelled-before-told', run: cancelledWhileQueued },
  { name: 'deadline-before-told', run: deadlineWhileQueued },
  {
    // Its first task comes more than 5 s after its turn was granted.
    name: 'turn-by-start',
    settings: { HOLDFAST_EMBEDDED_WORKER: 'off' },
    run: async ({ agent, start, end, temporal, worker }) => {
      const first = await worker();
      await agent('patient', answer);
      const before = await start({ agent_name: 'patient', prompt: 'a question', session_id: 'late' });
      await end(before);
      const turn = await temporal.workflow
        .getHandle('session-late')
        .executeUpdate<TurnReply, [string]>('openTurn', { args: ['late'] });
      first.kill('SIGKILL');
      const args = [{ ...(await inputOf(temporal, before)), callId: 'late', turn }];
      await temporal.workflow.start('agentCall', { workflowId: 'call-late', taskQueue: 'holdfast', args });
      await pass(6_000);
      await worker();
      await end('late');
      return 'call-late';
    },
  },
  {
    name: 'rerun',
    run: async ({ agent, start, end, http }) => {
      await agent('rerun', ({ attempt }) =>
        attempt === 1 ? { status: 400 } : { body: { content: 'mended' } },
      );
      const callId = await start({ agent_name: 'rerun', prompt: 'a question' });
      await end(callId);
      const { body } = await http.post(`/api/vps/calls/${callId}/rerun`);
      await end(String(body.call_id));
      return `call-${String(body.call_id)}`;
    },
  },
  { name: 'rerun-overridden', run: async (stage) => `call-${await overridden(stage)}` },
  {
    // An update commits the rerun's answer.
    name: 'session-settled',
    run: async (stage) => {
      await overridden(stage);
      return 'session-recorded';
    },
  },
  {
    name: 'rerun-batch',
    run: async ({ agent, start, end, http, temporal }) => {
      await agent('mended', ({ attempt }) =>
        attempt <= 3 ? { status: 400 } : { body: { content: 'an answer' } },
      );
      for (let call = 0; call < 3; call++)
        await end(await start({ agent_name: 'mended', prompt: `question ${call}` }));
      const batch = { filter: { agent: 'mended' }, rate_per_second: 50 };
      for (let total: unknown; total !== 3;)
        ({ total } = (await http.post('/api/vps/reruns', { ...batch, dry_run: true })).body);
      const { body } = await http.post('/api/vps/reruns', batch);
      await temporal.workflow.getHandle(`rerun-batch-${String(body.batch_id)}`).result();
      return `rerun-batch-${String(body.batch_id)}`;
    },
  },
  {
    name: 'rerun-link',
    run: async ({ agent, start, end, http, temporal }) => {
      await agent('refusing', () => ({ status: 400 }));
      const callId = await start({ agent_name: 'refusing', prompt: 'a question' });
      await end(callId);
      await http.post(`/api/vps/calls/${callId}/rerun`, undefined, { 'Idempotency-Key': 'recorded' });
      const link = `call-${rerunIdOf(callId, 1)}`;
      await temporal.workflow.getHandle(link).result();
      return link;
    },
  },
  {
    name: 'session',
    run: async (stage) => {
      const { waiting, release } = await queueOfTwo(stage);
      release();
      await stage.end(waiting);
      return 'session-queue';
    },
  },
  {
    // A call was granted its turn before it was started.
    name: 'session-told-again',
    run: async (stage) => {
      const { holder, waiting, release } = await queueOfTwo(stage);
      const session = stage.temporal.workflow.getHandle('session-queue');
      await stage.http.post(`/api/vps/calls/${waiting}/cancel`);
      await stage.end(waiting);
      await session.executeUpdate('openTurn', { args: ['not-started'] });
      release();
      await stage.end(holder);
      await stage.happened('session-queue', 'EVENT_TYPE_TIMER_FIRED', 2);
      await session.signal('releaseTurn', 'not-started');
      return 'session-queue';
    },
  },
  {
    // Two calls in its queue were never started, and it has waited long enough for them.
    name: 'session-drops-overdue',
    run: async (stage) => {
      const { holder, waiting, release } = await queueOfTwo(stage);
      const session = stage.temporal.workflow.getHandle('session-queue');
      await stage.http.post(`/api/vps/calls/${waiting}/cancel`);
      await stage.end(waiting);
      await session.executeUpdate('openTurn', { args: ['never-started'] });
      await session.executeUpdate('openTurn', { args: ['never-started-either'] });
      await pass(10_000);
      const last = await stage.start({ agent_name: 'gated', prompt: 'last', session_id: 'queue' });
      release();
      await Promise.all([stage.end(holder), stage.end(last)]);
      return 'session-queue';
    },
  },
  {
    // The holder was never started, and asks for its turn again while the session checks it: it keeps the turn.
    name: 'session-grant-renewed',
    run: async ({ agent, start, end, temporal, happened }) => {
      await agent('renewing', answer);
      const ask = { agent_name: 'renewing', prompt: 'a question', session_id: 'renewed' };
      await end(await start(ask));
      const session = temporal.workflow.getHandle('session-renewed');
      await session.executeUpdate('openTurn', { args: ['never-started'] });
      await pass(10_000);
      const waiting = await start(ask);
      await session.executeUpdate('openTurn', { args: ['never-started'] });
      await happened('session-renewed', 'EVENT_TYPE_TIMER_FIRED');
      await happened('session-renewed', 'EVENT_TYPE_MARKER_RECORDED', 2);
      await session.signal('releaseTurn', 'never-started');
      await end(waiting);
      return 'session-renewed';
    },
  },
  {
    // The session was created for a call that was never started.
    name: 'session-closed-unused',
    run: async ({ agent, start, end, temporal }) => {
      await agent('another', answer);
      const callId = await start({ agent_name: 'another', prompt: 'a question', session_id: 'elsewhere' });
      await end(callId);
      const limits = (await temporal.workflow.getHandle('session-elsewhere').fetchHistory()).events?.[0]
        ?.workflowExecutionStartedEventAttributes?.input?.payloads?.[1];
      const session = await temporal.workflow.start('session', {
        workflowId: 'session-unused',
        taskQueue: 'holdfast',
        args: [newSession('unused', Date.now()), limits && defaultPayloadConverter.fromPayload(limits)],
      });
      await session.executeUpdate('openTurn', { args: [callId] });
      await session.signal('releaseTurn', callId);
      await session.result();
      return 'session-unused';
    },
  },
  {
    // The turn is freed and passes to the waiting call.
    name: 'session-holder-terminated',
    run: async (stage) => {
      const { holder, waiting, release } = await queueOfTwo(stage);
      await stage.temporal.workflow.getHandle(`call-${holder}`).terminate();
      await stage.end(waiting);
      release();
      return 'session-queue';
    },
  },
  {
    name: 'session-moved-out',
    settings: { HOLDFAST_SESSION_OLDER_BYTES: '1024', HOLDFAST_WINDOW_MESSAGES: '2' },
    run: async ({ agent, start, end, happened }) => {
      await agent('talkative', answer);
      for (let turn = 0; turn < 8; turn++) {
        const prompt = `turn ${turn} ${'x'.repeat(500)}`;
        await end(await start({ agent_name: 'talkative', prompt, session_id: 'moved-out' }));
      }
      await happened('session-moved-out', 'EVENT_TYPE_MARKER_RECORDED', 2);
      return 'session-moved-out';
    },
  },
  {
    // The run after continue-as-new, which begins with the carried state. The run before it has 4 MiB.
    name: 'session-continued-as-new',
    run: async ({ agent, start, end }) => {
      await agent('renewing', answer, { history: 'none' });
      // Update results contain the window, so large early messages bring the history to Temporal's limit.
      for (let turn = 0; turn < 38; turn++) {
        const prompt = turn < 16 ? 'x'.repeat(15_000) : `turn ${turn}`;
        await end(await start({ agent_name: 'renewing', prompt, session_id: 'renewed' }));
      }
      return 'session-renewed';
    },
  },
  {
    name: 'agent-directory',
    run: async ({ agent, http, happened }) => {
      await agent('kept', answer);
      await agent('kept', answer, { max_retries: 1 });
      await agent('removed', answer, { auth_token: 'a-token-of-the-agent' });
      await http.delete('/api/vps/agents/removed');
      await happened('agent-directory', 'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED', 4);
      return 'agent-directory';
    },
  },
  {
    // The workflow does nothing; only its memo is used.
    name: 'cluster-terms',
    run: async ({ happened }) => {
      await happened('cluster-terms', 'EVENT_TYPE_WORKFLOW_TASK_COMPLETED');
      return 'cluster-terms';
    },
  },
  {
    name: 'agent-health',
    run: async ({ agent, start, end, http, happened }) => {
      await agent('flaky', ({ attempt }) => (attempt === 1 ? { status: 401 } : { body: { content: 'ok' } }));
      for (let signals = 1; signals <= 2; signals++) {
        await end(await start({ agent_name: 'flaky', prompt: 'a question' }));
        await happened('agent-health', 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED', signals);
      }
      await http.delete('/api/vps/agents/flaky');
      await happened('agent-health', 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED', 3);
      return 'agent-health';
    },
  },
  {
    name: 'agent-health-reset',
    run: async ({ agent, start, end, http, happened }) => {
      await agent('repaired', () => ({ status: 401 }));
      await end(await start({ agent_name: 'repaired', prompt: 'a question' }));
      await happened('agent-health', 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED', 1);
      await http.post('/api/vps/health/repaired/reset');
      await happened('agent-health', 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED', 2);
      return 'agent-health';
    },
  },
];

/** Calls whose turns name the life and run of their session. */
const inLives: readonly Scenario[] = [
  // The session is asked whether it stores their message.
  { name: 'ended-waiting-cancelled', run: cancelledWhileQueued },
  { name: 'ended-waiting-overdue', run: deadlineWhileQueued },
  {
    // The session run that granted the turn has ended when the call commits, so the commit goes to the next run.
    name: 'committed-after-renewal',
    settings: { HOLDFAST_SESSION_HISTORY_EVENTS: '50', HOLDFAST_FIRST_TASK_WAIT_MS: '2000' },
    run: async ({ agent, start, end, temporal }) => {
      const session = temporal.workflow.getHandle('session-recorded');
      await agent('before', answer);
      // Brings continue-as-new near, because it must happen while the call's first task waits.
      for (let calls = 0; calls < 3; calls++)
        await end(await start({ agent_name: 'before', prompt: 'a question', session_id: 'recorded' }));
      await agent('renewing', async () => {
        const { runId } = await session.describe();
        while ((await session.describe()).runId === runId)
          await session.executeUpdate('openTurn', { args: ['never-started'] });
        return { body: { content: 'an answer' } };
      });
      const callId = await start({ agent_name: 'renewing', prompt: 'a question', session_id: 'recorded' });
      await end(callId);
      return `call-${callId}`;
    },
  },
  {
    name: 'session-closed',
    run: async ({ agent, start, end, http, temporal }) => {
      await agent('closing', answer);
      await end(await start({ agent_name: 'closing', prompt: 'a question', session_id: 'closed' }));
      // The first step of a deletion.
      await temporal.workflow.getHandle('session-closed').executeUpdate('closeSession', { args: [true] });
      if ((await http.get('/api/vps/sessions/closed')).status !== 404) throw new Error('It is there');
      return 'session-closed';
    },
  },
  { name: 'removed-while-queued', run: removedWhileQueued },
  {
    // The session signals the waiting call before it completes.
    name: 'session-closed-with-queue',
    run: async (stage) => {
      await removedWhileQueued(stage);
      return 'session-queue';
    },
  },
];

export const scenarios: readonly Scenario[] = [
  ...byTheActivity.map((one) => ({
    ...one,
    settings: { HOLDFAST_FIRST_TASK_WAIT_MS: '0', ...one.settings },
  })),
  ...firstTaskScenarios,
  // The rerun also asks its agent in the first task, and a signal commits its turn.
  { name: 'rerun-asks-in-task', run: async (stage) => `call-${await overridden(stage)}` },
  ...inLives,
];
