/** Scenarios of sessions, which take the endings of their calls over (ADR 0035). */
import { setTimeout as pass } from 'node:timers/promises';
import { defaultPayloadConverter } from '@temporalio/common';
import { newSession } from '../../src/domain/session.ts';
import { answer, type Scenario } from './scenario.ts';
import {
  closedWhileQueued,
  gatedAt,
  interrupted,
  openTurn,
  queueOfTwo,
  startUnfollowed,
} from './session-stage.ts';
import type { Stage } from './stage.ts';

/** One call of the session `looking` has ended. The next one, `unfollowed`, asks its agent; nobody will tell how it ends. */
async function unfollowedCall(stage: Stage) {
  const { script, release } = gatedAt(2);
  const gated = await stage.agent('gated', script);
  const ask = { agent_name: 'gated', prompt: 'a question', session_id: 'looking' };
  const { body } = await stage.http.call(ask);
  await stage.http.get('/api/vps/sessions/looking'); // The session now has the ending of that call.
  await startUnfollowed(
    stage,
    String(body.call_id),
    'unfollowed',
    await openTurn(stage, 'looking', 'unfollowed'),
  );
  await gated.waitForRequests(2);
  return { ask, release };
}

/** Another call waits, so the session looks at `unfollowed` and finds that it runs. Returns the waiting call's id. */
async function foundRunning(stage: Stage, ask: Parameters<Stage['start']>[0]): Promise<string> {
  const waiting = await stage.start(ask);
  await stage.happened('session-looking', 'EVENT_TYPE_TIMER_FIRED');
  await stage.happened('session-looking', 'EVENT_TYPE_MARKER_RECORDED', 2);
  return waiting;
}

async function lookAtEnded(stage: Stage): Promise<string> {
  const { ask, release } = await unfollowedCall(stage);
  const waiting = await foundRunning(stage, ask);
  release();
  await stage.end(waiting);
  return 'session-looking';
}

async function loseEnding(stage: Stage): Promise<string> {
  const { ask, release } = await unfollowedCall(stage);
  const waiting = await foundRunning(stage, ask);
  await stage.temporal.workflowService.deleteWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: 'call-unfollowed' },
  });
  await stage.end(waiting);
  release();
  const { messages } = (await stage.http.get('/api/vps/sessions/looking')).body;
  if (!JSON.stringify(messages).includes('"lost":true')) throw new Error('No ending is lost');
  return 'session-looking';
}

async function lookByItself(stage: Stage): Promise<string> {
  const { release } = await unfollowedCall(stage);
  release();
  await stage.end('unfollowed');
  await stage.happened('session-looking', 'EVENT_TYPE_MARKER_RECORDED', 2);
  return 'session-looking';
}

/** Two calls in its queue were never started, and it has waited long enough for them. */
async function dropNeverStarted(stage: Stage): Promise<string> {
  const { holder, waiting, release } = await queueOfTwo(stage);
  await stage.http.post(`/api/vps/calls/${waiting}/cancel`);
  await stage.end(waiting);
  await openTurn(stage, 'queue', 'never-started');
  await openTurn(stage, 'queue', 'never-started-either');
  await pass(10_000);
  const last = await stage.start({ agent_name: 'gated', prompt: 'last', session_id: 'queue' });
  release();
  await Promise.all([stage.end(holder), stage.end(last)]);
  return 'session-queue';
}

/** The run begins while a call asks its agent. An update tells how that call ended, because the run that it knows has ended. */
async function renewed({ agent, http, temporal }: Stage): Promise<string> {
  await agent('renewing', answer);
  const ask = { agent_name: 'renewing', prompt: 'a question', session_id: 'renewed' };
  const run = async () => (await temporal.workflow.getHandle('session-renewed').describe()).runId;
  await http.call(ask);
  for (const first = await run(); (await run()) === first;) await http.call(ask);
  await http.call(ask);
  return 'session-renewed';
}

/** The run begins with a holder that was not sent its turn yet, because its call has not started. */
async function renewedUnsent(stage: Stage): Promise<string> {
  const { holder, release } = await queueOfTwo(stage);
  const session = stage.temporal.workflow.getHandle('session-queue');
  const { runId } = await session.describe();
  const turn = await openTurn(stage, 'queue', 'late');
  release();
  await stage.happened('session-queue', 'EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED');
  while ((await session.describe()).runId === runId) await openTurn(stage, 'queue', 'never-started');
  await startUnfollowed(stage, holder, 'late', turn);
  await stage.end('late');
  await session.signal('releaseTurn', 'never-started');
  return 'session-queue';
}

async function moveOut({ agent, http, happened }: Stage): Promise<string> {
  await agent('talkative', answer);
  for (let turn = 0; turn < 6; turn++)
    await http.call({
      agent_name: 'talkative',
      prompt: `turn ${turn} ${'x'.repeat(500)}`,
      session_id: 'moved-out',
    });
  await happened('session-moved-out', 'EVENT_TYPE_MARKER_RECORDED', 3);
  return 'session-moved-out';
}

/** The session was created for a call that was never started. */
async function closeUnused({ agent, start, end, temporal }: Stage): Promise<string> {
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
}

export const sessionScenarios: readonly Scenario[] = [
  {
    // A signal tells the session of the first call, the next request for a turn of the second one, a read of the third one.
    name: 'session-takes-endings',
    run: async ({ agent, http, happened }) => {
      await agent('quick', answer);
      const ask = { agent_name: 'quick', prompt: 'a question', session_id: 'taking' };
      await http.call(ask);
      await happened('session-taking', 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED');
      await http.call(ask);
      await http.call(ask);
      await http.get('/api/vps/sessions/taking');
      return 'session-taking';
    },
  },
  { name: 'session-looks', run: lookAtEnded },
  { name: 'session-looks-by-itself', settings: { HOLDFAST_SESSION_LOOK_SECONDS: '1' }, run: lookByItself },
  { name: 'session-loses-ending', run: loseEnding },
  { name: 'session-drops-never-started', run: dropNeverStarted },
  { name: 'session-renewed', settings: { HOLDFAST_SESSION_HISTORY_EVENTS: '50' }, run: renewed },
  { name: 'session-renewed-unsent', settings: { HOLDFAST_SESSION_HISTORY_EVENTS: '50' }, run: renewedUnsent },
  {
    name: 'session-moves-out',
    settings: { HOLDFAST_SESSION_OLDER_BYTES: '1024', HOLDFAST_WINDOW_MESSAGES: '2' },
    run: moveOut,
  },
  { name: 'session-closes-unused', run: closeUnused },
  {
    name: 'session-interrupted',
    run: async (stage) => {
      await interrupted(stage);
      return 'session-queue';
    },
  },
  {
    // Updates change it before and after a call. The second append takes the ending of that call along.
    name: 'session-changed',
    run: async ({ agent, http }) => {
      await agent('quick', answer);
      const path = '/api/vps/sessions/changed';
      const append = (content: string) =>
        http.post(`${path}/messages`, { messages: [{ role: 'user', content }] });
      await http.patch(path, { system: 'Be brief.', window: { turns: 2 } });
      await append('before');
      await http.call({ agent_name: 'quick', prompt: 'a question', session_id: 'changed' });
      await append('after');
      return 'session-changed';
    },
  },
  {
    // The session signals the waiting call before it completes.
    name: 'session-closes-with-queue',
    run: async (stage) => {
      await closedWhileQueued(stage);
      return 'session-queue';
    },
  },
];
