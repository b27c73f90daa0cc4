/** Repeats of calls that have ended, answered from memory: the same answer, for as long as it stands. */
import { describe, expect, it } from 'vitest';
import { callIdOf } from '../../src/domain/ids.ts';
import type { HttpAnswer } from '../rig/http-client.ts';
import { endedCall } from './ended-call.ts';
import { expectProblem } from './problem.ts';
import { echo, gated } from './scripts.ts';
import { useNode, type NodeInUse } from './use-node.ts';
import { onCluster } from '../on-cluster/start-facades.ts';

const keyed = (key: string, more: Record<string, string> = {}) => ({ 'Idempotency-Key': key, ...more });

/** What of an answer is the call's; its times are those of the request. */
function ofCall({ status, body }: HttpAnswer): unknown {
  const { latency_ms, overhead_ms, ...answer } = body;
  expect([typeof latency_ms, typeof overhead_ms]).toEqual(['number', 'number']);
  return { status, answer };
}

/** The workflow of the one call that runs, once Temporal lists it. */
async function runningCall({ temporal }: NodeInUse): Promise<string> {
  const query = "WorkflowType = 'agentCall' AND ExecutionStatus = 'Running'";
  const list = async () => {
    const ids: string[] = [];
    for await (const { workflowId } of temporal.workflow.list({ query })) ids.push(workflowId);
    return ids;
  };
  await expect.poll(list).toHaveLength(1);
  const [workflowId = ''] = await list();
  return workflowId;
}

/** To before its agent was asked, as any other process would. */
async function resetElsewhere({ temporal }: NodeInUse, workflowId: string): Promise<void> {
  const { runId } = await temporal.workflow.getHandle(workflowId).describe();
  await temporal.workflowService.resetWorkflowExecution({
    namespace: temporal.options.namespace,
    workflowExecution: { workflowId, runId },
    workflowTaskFinishEventId: 4 as never,
    reason: 'by the test',
    requestId: runId,
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

  // Another facade than the one that was asked for the deletion may answer from memory for the lifetime of an ending.
  it.skipIf(onCluster)('after its deletion is not answered from memory: it is a new call', async () => {
    const agent = await node.agent('deleted', echo);
    const body = { agent_name: 'deleted', prompt: 'hello', session_id: 'deleted' };
    const call = () => node.http.call(body, keyed('deleted'));
    const [first] = [await call(), await call()];
    const path = `/api/vps/calls/${String(first.body.call_id)}`;

    expect((await node.http.delete('/api/vps/sessions/deleted?calls=true')).status).toBe(204);
    expect((await node.http.get(path)).status).toBe(404);

    expect((await call()).body).toMatchObject({ call_id: first.body.call_id, success: true });
    expect((await node.http.get(path)).status).toBe(200);
    expect(agent.requests).toHaveLength(2);
  });
});

describe('the memory of ended calls', () => {
  // A call that is terminated in its first task has nothing to tell of its agents, and is not kept.
  const node = useNode({ HOLDFAST_REPEAT_CACHE_SECONDS: '2', HOLDFAST_FIRST_TASK_WAIT_MS: '0' });

  it('ends with its lifetime: what another process has reset is seen then', async () => {
    const gate = gated('after the reset');
    const agent = await node.agent('agent', gate.script);
    const call = () => node.http.call({ agent_name: 'agent', prompt: 'hello' }, keyed('lifetime'));
    const waiting = call();
    await agent.waitForRequests(1);
    const workflowId = await runningCall(node);
    await node.temporal.workflow.getHandle(workflowId).terminate('by the test');
    expect((await waiting).body.error_type).toBe('cancelled');

    await resetElsewhere(node, workflowId);
    gate.open();
    await endedCall(node.http, `/api/vps/calls/${callIdOf(workflowId)}`);

    const known = await call();
    expect(known.body.error_type).toBe('cancelled');
    await expect.poll(async () => (await call()).body.response).toBe('after the reset');
  });
});

describe('without a memory of ended calls', () => {
  const node = useNode({ HOLDFAST_REPEAT_CACHE_BYTES: '0' });

  it('a repeat is answered by Temporal, the same', async () => {
    await node.agent('agent', echo);
    const body = { agent_name: 'agent', prompt: 'hello', session_id: 's' };
    const call = (prompt: string, key: string) => node.http.call({ ...body, prompt }, keyed(key));
    const [first, second] = [await call('hello', 'none'), await call('hello', 'none')];
    expect(ofCall(second)).toEqual(ofCall(first));
    expectProblem(await call('other', 'none'), 422, 'idempotency_mismatch');
    expect((await call('next', 'next')).body).toMatchObject({ success: true, session_stored: true });
  });
});
