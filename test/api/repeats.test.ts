/** Repeats of calls that have ended, answered from memory: the same answer, for as long as it stands. */
import proto from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAgent, type ScriptedAgent } from '../agents/scripted-agent.ts';
import type { HttpAnswer, HttpClient, Json } from '../rig/http-client.ts';
import { startTestNode, type TestNode } from '../rig/test-node.ts';
import { endedCall } from './ended-call.ts';
import { expectProblem } from './problem.ts';
import { echo, gated, says } from './scripts.ts';
import { useNode, type NodeInUse } from './use-node.ts';

const keyed = (key: string, more: Record<string, string> = {}) => ({ 'Idempotency-Key': key, ...more });

/** What of an answer is the call's; its times are those of the request. */
function ofCall({ status, body }: HttpAnswer): unknown {
  const { latency_ms, overhead_ms, ...answer } = body;
  expect([typeof latency_ms, typeof overhead_ms]).toEqual(['number', 'number']);
  return { status, answer };
}

/** By the hand of an operator, as any other process would. */
async function terminate(node: Pick<NodeInUse, 'temporal'>, callId: string): Promise<void> {
  await node.temporal.workflow.getHandle(`call-${callId}`).terminate('by the test');
}

async function resetElsewhere({ temporal }: Pick<NodeInUse, 'temporal'>, callId: string): Promise<void> {
  const { runId } = await temporal.workflow.getHandle(`call-${callId}`).describe();
  await temporal.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: `call-${callId}`, runId },
    workflowTaskFinishEventId: 4 as never,
    reason: 'by the test',
    requestId: runId,
    resetReapplyType: proto.temporal.api.enums.v1.ResetReapplyType.RESET_REAPPLY_TYPE_NONE,
  });
}

describe('a repeat of an ended call', () => {
  const node = useNode();

  it('is answered to the letter as the first, whatever became of the call', async () => {
    await node.agent('answers', echo);
    await node.agent('refuses', () => ({ status: 401 }));
    await node.agent('falls-back', () => ({ status: 401 }), { fallback_agents: ['answers'] });
    for (const agent_name of ['answers', 'refuses', 'falls-back']) {
      const body = { agent_name, prompt: 'hello', session_id: `of ${agent_name}`, user_id: 'u' };
      const first = await node.http.call(body, keyed(agent_name));
      const repeats = [
        await node.http.call(body, keyed(agent_name)),
        await node.http.call(body, keyed(agent_name, { Prefer: 'wait=5' })),
      ];
      for (const repeat of repeats) expect(ofCall(repeat)).toEqual(ofCall(first));
      expect(repeats[1]?.headers.get('Preference-Applied')).toBe('wait=5');
      expect(repeats[0]?.body.latency_ms).toBeLessThan(1_000);
    }
  });

  it('asks neither for its agent nor for its session: both may be gone', async () => {
    await node.agent('leaves', echo);
    const body = { agent_name: 'leaves', prompt: 'hello', session_id: 'left' };
    const first = await node.http.call(body, keyed('left'));
    expect((await node.http.delete('/api/vps/agents/leaves')).status).toBeLessThan(300);
    expect((await node.http.delete('/api/vps/sessions/left')).status).toBe(204);

    expect(ofCall(await node.http.call(body, keyed('left')))).toEqual(ofCall(first));

    expect((await node.http.get('/api/vps/sessions/left')).status).toBe(404);
  });

  it('that would rather not wait is answered 202, as ever', async () => {
    await node.agent('async', echo);
    const body = { agent_name: 'async', prompt: 'hello' };
    const { body: first } = await node.http.call(body, keyed('async'));

    for (const Prefer of ['respond-async', 'wait=0']) {
      const answer = await node.http.call(body, keyed('async', { Prefer }));
      expect(answer).toMatchObject({ status: 202, body: { call_id: first.call_id, status: 'running' } });
      expect(answer.headers.get('Location')).toBe(`/api/vps/calls/${String(first.call_id)}`);
      expect(answer.headers.get('Preference-Applied')).toBe(Prefer);
    }
  });

  it('and another request of its key is refused', async () => {
    const agent = await node.agent('strict', echo);
    const body = { agent_name: 'strict', prompt: 'hello' };
    await node.http.call(body, keyed('strict'));
    for (const other of [{ prompt: 'other' }, { agent_name: 'unknown' }, { deadline_seconds: 5 }])
      for (const Prefer of ['respond-async', 'wait=5'])
        expectProblem(
          await node.http.call({ ...body, ...other }, keyed('strict', { Prefer })),
          422,
          'idempotency_mismatch',
        );
    expect(agent.requests).toHaveLength(1);
  });

  it('after a reset waits for what the call comes to then', async () => {
    const gate = gated('in the end');
    const agent = await node.agent('reset', gate.script);
    const body = { agent_name: 'reset', prompt: 'hello' };
    const waiting = node.http.call(body, keyed('reset'));
    await agent.waitForRequests(1);
    const listed = async () => (await node.http.get('/api/vps/calls?agent=reset')).body.calls as Json[];
    await expect.poll(listed).toHaveLength(1);
    const callId = String((await listed())[0]?.call_id);
    await terminate(node, callId);
    const first = await waiting;
    expect(first.body).toMatchObject({ success: false, error_type: 'cancelled' });
    expect(ofCall(await node.http.call(body, keyed('reset')))).toEqual(ofCall(first));

    expect((await node.http.post(`/api/vps/calls/${callId}/reset`)).status).toBe(202);

    const now = await node.http.call(body, keyed('reset', { Prefer: 'respond-async' }));
    expect(now.status).toBe(202);
    gate.open();
    for (let repeat = 0; repeat < 2; repeat++)
      expect((await node.http.call(body, keyed('reset'))).body).toMatchObject({
        call_id: callId,
        success: true,
        response: 'in the end',
      });
  });

  it(
    'after its deletion is not answered from memory: Temporal has the say',
    { timeout: 120_000 },
    async () => {
      let answers = 0;
      const agent = await node.agent('deleted', () => ({ body: { content: `answer ${++answers}` } }));
      const body = { agent_name: 'deleted', prompt: 'hello', session_id: 'deleted' };
      const call = async () => (await node.http.call(body, keyed('deleted'))).body.response;
      expect([await call(), await call()]).toEqual(['answer 1', 'answer 1']);
      const ended = async () =>
        (await node.http.get('/api/vps/calls?agent=deleted&status=completed')).body.calls as Json[];
      await expect.poll(ended).toHaveLength(1);

      expect((await node.http.delete('/api/vps/sessions/deleted?calls=true')).status).toBe(204);

      // Temporal deletes in the background, half a minute later; then the key is free.
      await expect.poll(call, { timeout: 100_000, interval: 500 }).toBe('answer 2');
      expect(agent.requests).toHaveLength(2);
    },
  );
});

describe('the memory of ended calls', () => {
  let test: TestNode;
  let agent: ScriptedAgent;
  let answer = '';
  beforeAll(async () => {
    test = await startTestNode({ HOLDFAST_REPEAT_CACHE_SECONDS: '2', HOLDFAST_REPEAT_CACHE_BYTES: '65536' });
    agent = await startAgent(() => ({ body: { content: answer } }));
    await test.http.register('agent', agent.port);
  });
  afterAll(async () => {
    await test.close();
    await agent.close();
  });
  const call = (http: HttpClient, key: string) =>
    http.call({ agent_name: 'agent', prompt: 'hello' }, keyed(key));

  it('ends with its lifetime: what another process has reset is seen then', async () => {
    answer = 'before';
    const { body: first } = await call(test.http, 'lifetime');
    answer = 'after';
    await resetElsewhere(test, String(first.call_id));
    await endedCall(test.http, `/api/vps/calls/${String(first.call_id)}`);

    await expect.poll(async () => (await call(test.http, 'lifetime')).body.response).toBe('after');
  });
});
