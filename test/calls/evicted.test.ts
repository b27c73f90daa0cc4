/** A worker that caches one workflow replays nearly every task from history (I8). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAgent, type ScriptedAgent } from '../agents/scripted-agent.ts';
import type { Json } from '../rig/http-client.ts';
import { startTestNode, type TestNode } from '../rig/test-node.ts';

let test: TestNode;
const agents: ScriptedAgent[] = [];

beforeAll(async () => {
  test = await startTestNode({ HOLDFAST_CACHED_WORKFLOWS: '1' });
  const flaky = await startAgent(({ attempt }) =>
    attempt % 2 === 1 ? { status: 500 } : { body: { content: `answer ${attempt / 2}` } },
  );
  const refusing = await startAgent(() => ({ status: 401 }));
  agents.push(flaky, refusing);
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
