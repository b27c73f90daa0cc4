/** Repeats of calls that have ended: Temporal is asked, so each has the answer that stands now. */
import { describe, expect, it } from 'vitest';
import type { HttpAnswer } from '../rig/http-client.ts';
import { expectProblem } from './problem.ts';
import { echo, gated } from './scripts.ts';
import { useNode, type NodeInUse } from './use-node.ts';

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

/** Resets the call to before its agent was asked, as another process could. */
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

  it('gets exactly the same answer as the first request, however the call ended', async () => {
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

  it('needs neither the agent nor the session, which may both be removed', async () => {
    await node.agent('leaves', echo);
    const body = { agent_name: 'leaves', prompt: 'hello', session_id: 'left' };
    const first = await node.http.call(body, keyed('left'));
    expect((await node.http.delete('/api/vps/agents/leaves')).status).toBeLessThan(300);
    expect((await node.http.delete('/api/vps/sessions/left')).status).toBe(204);

    const again = await node.http.call(body, keyed('left'));
    // Once Temporal has deleted the session, it is not known any more that it was removed after the call's end.
    expect([true, null]).toContain(again.body.session_stored);
    expect(first.body.session_stored).toBe(true);
    expect(ofCall({ ...again, body: { ...again.body, session_stored: true } })).toEqual(ofCall(first));

    expect((await node.http.get('/api/vps/sessions/left')).status).toBe(404);
  });

  it('that prefers not to wait is answered with 202', async () => {
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

  it('is refused if the request with the same key differs', async () => {
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

  it('holds no turn of its session if it is refused: the next call gets the turn', async () => {
    await node.agent('turns', echo);
    const call = (prompt: string, key: string) =>
      node.http.call({ agent_name: 'turns', prompt, session_id: 'turns' }, keyed(key));
    await call('hello', 'turns');
    expectProblem(await call('other', 'turns'), 422, 'idempotency_mismatch');
    expect((await call('next', 'next')).body).toMatchObject({ success: true, session_stored: true });
  });

  it('starts a new call after the first was deleted, and the agent is asked again', async () => {
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

describe('a repeat of a call that an operator has reset', () => {
  // A call that is terminated in its first task has no task to be reset to.
  const node = useNode({ HOLDFAST_FIRST_TASK_WAIT_MS: '0' });

  it('waits for the new ending, although the old one was already returned', async () => {
    const gate = gated('after the reset');
    const agent = await node.agent('agent', gate.script);
    const call = () => node.http.call({ agent_name: 'agent', prompt: 'hello' }, keyed('reset'));
    const waiting = call();
    await agent.waitForRequests(1);
    const workflowId = await runningCall(node);
    await node.temporal.workflow.getHandle(workflowId).terminate('by the test');
    const ended = [await waiting, await call()];
    expect(ended.map(({ body }) => body.error_type)).toEqual(['cancelled', 'cancelled']);

    await resetElsewhere(node, workflowId);
    const { status } = await node.http.call(
      { agent_name: 'agent', prompt: 'hello' },
      keyed('reset', { Prefer: 'respond-async' }),
    );
    expect(status).toBe(202);
    gate.open();

    expect((await call()).body).toMatchObject({ success: true, response: 'after the reset' });
  });
});
