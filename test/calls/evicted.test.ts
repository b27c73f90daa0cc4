/** A worker that caches one workflow replays nearly every task from history (I8). */
import proto from '@temporalio/proto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAgent, type ScriptedAgent } from '../agents/scripted-agent.ts';
import { says } from '../api/scripts.ts';
import type { Json } from '../rig/http-client.ts';
import { startTestNode, type TestNode } from '../rig/test-node.ts';

const {
  EVENT_TYPE_TIMER_FIRED,
  EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
  EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
  EVENT_TYPE_WORKFLOW_TASK_STARTED,
} = proto.temporal.api.enums.v1.EventType;
const taskWithoutCommands = [
  EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
  EVENT_TYPE_WORKFLOW_TASK_STARTED,
  EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
];

let test: TestNode;
const agents: ScriptedAgent[] = [];

beforeAll(async () => {
  // Looks are far enough apart for a call and a read in between, also on a busy machine.
  test = await startTestNode({ HOLDFAST_CACHED_WORKFLOWS: '1', HOLDFAST_SESSION_LOOK_SECONDS: '5' });
  const flaky = await startAgent(({ attempt }) =>
    attempt % 2 === 1 ? { status: 500 } : { body: { content: `answer ${attempt / 2}` } },
  );
  const refusing = await startAgent(() => ({ status: 401 }));
  const quick = await startAgent(says('at once'));
  agents.push(flaky, refusing, quick);
  await test.http.register('quick', quick.port);
  await test.http.register('flaky', flaky.port, { max_retries: 1 });
  await test.http.register('refusing', refusing.port, { fallback_agents: ['flaky'] });
  await test.http.register('hopeless', refusing.port, { max_retries: 0 });
});
afterAll(async () => {
  await test.close();
  await Promise.all(agents.map((agent) => agent.close()));
});

it('calls with retries, failovers and turns end normally even if every workflow is evicted again and again', async () => {
  const answers: Json[] = [];
  for (const [i, agent_name] of ['flaky', 'refusing', 'hopeless', 'refusing'].entries())
    answers.push(
      (await test.http.call({ agent_name, prompt: `prompt ${i}`, session_id: `session-${i % 2}` })).body,
    );

  expect(answers.map((body) => body.success)).toEqual([true, true, false, true]);
  expect(answers[1]).toMatchObject({ agent_name: 'flaky', retry_count: 1, session_stored: true });
  const roles = async (id: string) =>
    ((await test.http.get(`/api/vps/sessions/${id}`)).body.messages as Json[]).map((one) => one.role);
  expect((await roles('session-0')).sort()).toEqual(['assistant', 'user', 'user']);
  expect((await roles('session-1')).sort()).toEqual(['assistant', 'assistant', 'user', 'user']);
});

it('a session whose timer found no holder goes on after its eviction as if it had not been evicted', async () => {
  const session = test.temporal.workflow.getHandle('session-looks');
  const body = { agent_name: 'quick', prompt: 'hello', session_id: 'looks' };
  expect((await test.http.call(body)).body).toMatchObject({ success: true, session_stored: true });
  // The read tells the session that the call has ended, so the timer finds no holder, and its task has no commands.
  expect((await test.http.get('/api/vps/sessions/looks')).body.messages).toHaveLength(2);
  const eventTypes = async () => (await session.fetchHistory()).events?.map((event) => event.eventType);
  await expect
    .poll(async () => (await eventTypes())?.slice(-4))
    .toEqual([EVENT_TYPE_TIMER_FIRED, ...taskWithoutCommands]);
  await test.http.call({ ...body, session_id: 'evicts' });

  // If the next task is replayed, its update and that timer belong to one activation, and the update comes first.
  expect((await test.http.call(body)).body).toMatchObject({ success: true, session_stored: true });
  expect((await test.http.get('/api/vps/sessions/looks')).body.messages).toHaveLength(4);
});
