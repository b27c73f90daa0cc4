/** Resets: the same call goes on from its last good point, and answers at most once in its session. */
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HttpAnswer, Json } from '../rig/http-client.ts';
import { endedCall } from './ended-call.ts';
import { expectProblem } from './problem.ts';
import { echo, gated, says } from './scripts.ts';
import { useNode, type NodeInUse } from './use-node.ts';

const pathOf = (callId: string): string => `/api/vps/calls/${callId}`;

/** A call that Temporal ended while its agent was being asked. */
async function terminated(node: NodeInUse, name: string, more: Json = {}): Promise<string> {
  const silent = await node.agent(name, () => ({ hang: true }));
  const body = { agent_name: name, prompt: 'x', ...more };
  const { body: started } = await node.http.call(body, { Prefer: 'respond-async' });
  await silent.waitForRequests(1);
  const callId = String(started.call_id);
  await node.temporal.workflow.getHandle(`call-${callId}`).terminate('by the test');
  await endedCall(node.http, pathOf(callId));
  return callId;
}

const reset = (node: NodeInUse, callId: string): Promise<HttpAnswer> =>
  node.http.post(`${pathOf(callId)}/reset`);

describe('a reset', () => {
  const node = useNode();

  it('lets a terminated call go on: its description, its cancellation and its key are those of the new run', async () => {
    const callId = await terminated(node, 'hung');
    expectProblem(await reset(node, 'unknown'), 404, 'call_not_found');

    const answer = await reset(node, callId);

    expect(answer).toMatchObject({ status: 202, body: { call_id: callId } });
    expect(answer.headers.get('Location')).toBe(pathOf(callId));
    expect((await node.http.get(pathOf(callId))).body).toMatchObject({ status: 'running', call_id: callId });
    expectProblem(await reset(node, callId), 409, 'reset_refused');
    const cancelled = await node.http.post(`${pathOf(callId)}/cancel`);
    expect(cancelled).toMatchObject({ status: 202, body: { status: 'running' } });
    expect(await endedCall(node.http, pathOf(callId))).toMatchObject({ status: 'cancelled' });
    const refused = await reset(node, callId);
    expectProblem(refused, 409, 'reset_refused');
    expect(refused.body.detail).toMatch(/cancelled by its caller/);
  });

  it('counts the deadline anew', async () => {
    const gate = gated('in the end');
    const agent = await node.agent('late', gate.script);
    const body = { agent_name: 'late', prompt: 'x', deadline_seconds: 2 };
    const { body: started } = await node.http.call(body, { Prefer: 'respond-async' });
    await agent.waitForRequests(1);
    const callId = String(started.call_id);
    await node.temporal.workflow.getHandle(`call-${callId}`).terminate('by the test');
    const startedAt = Date.parse((await endedCall(node.http, pathOf(callId))).started_at as string);
    await expect.poll(() => Date.now() - startedAt, { timeout: 10_000 }).toBeGreaterThan(2_500);

    await reset(node, callId);
    gate.open();

    expect(await endedCall(node.http, pathOf(callId))).toMatchObject({
      status: 'completed',
      response: 'in the end',
    });
  });

  it('of a call that failed by a fault of ours answers in the place of its failure, behind its question', async () => {
    const { callId, session } = await failedByUs(node, 'ours');
    await node.http.call({ agent_name: 'ours-next', prompt: 'next', session_id: session });

    const answer = await reset(node, callId);
    expect(answer.status).toBe(202);

    expect(await endedCall(node.http, pathOf(callId))).toMatchObject({
      status: 'completed',
      session_stored: true,
      error_type: null,
    });
    const { messages } = (await node.http.get(`/api/vps/sessions/${session}`)).body as { messages: Json[] };
    expect(messages.slice(2).map(({ content, failed }) => [content, failed])).toEqual([
      ['broken', false],
      ['mended', false],
      ['next', false],
      ['re: next', false],
    ]);
  });

  it('that answers while a rerun of it is under way: the rerun answers, and is not stored', async () => {
    const { callId, session } = await failedByUs(node, 'both');
    const gate = gated('by the rerun');
    const slow = await node.agent('both-slow', gate.script);
    const rerun = await node.http.post(`${pathOf(callId)}/rerun`, {
      agent_name: 'both-slow',
      fallback_agents: [],
    });
    await slow.waitForRequests(1);

    // Visibility may not know the rerun yet: then the session is what keeps the two apart.
    const answer = await reset(node, callId);
    gate.open();

    const rerunCall = await endedCall(node.http, rerun.headers.get('Location') ?? '');
    const resetCall = await endedCall(node.http, pathOf(callId));
    const stored = [rerunCall.session_stored, answer.status === 202 && resetCall.session_stored];
    expect(stored.filter((one) => one === true)).toHaveLength(1);
    const { messages } = (await node.http.get(`/api/vps/sessions/${session}`)).body as { messages: Json[] };
    expect(messages.slice(2).filter(({ role }) => role === 'assistant')).toHaveLength(1);
  });

  it('is refused where the call was answered, failed by its agents, or was rerun with an answer', async () => {
    await node.agent('fine', says('fine'));
    await node.agent('refuses', () => ({ status: 401 }));
    const ask = async (agent_name: string) =>
      String((await node.http.call({ agent_name, prompt: 'x' })).body.call_id);

    const answered = await reset(node, await ask('fine'));
    const failed = await reset(node, await ask('refuses'));
    const callId = await terminated(node, 'rerun-then-reset');
    await node.agent('rerun-then-reset', says('by the rerun'));
    const rerun = await node.http.post(`${pathOf(callId)}/rerun`);
    await endedCall(node.http, rerun.headers.get('Location') ?? '');

    expectProblem(answered, 409, 'reset_refused');
    expect(answered.body.detail).toMatch(/it was answered/);
    expectProblem(failed, 409, 'reset_refused');
    expect(failed.body.detail).toMatch(/failed by auth/);
    await expect
      .poll(async () => (await reset(node, callId)).body.detail)
      .toMatch(/its rerun \S+ has answered/);
  });
});

/** Its answer was too large to be kept elsewhere, and the payload store away until its deadline; it is there again. */
async function failedByUs(node: NodeInUse, name: string): Promise<{ callId: string; session: string }> {
  const session = `session-of-${name}`;
  await node.agent(name, ({ attempt }) => ({
    body: { content: attempt === 2 ? 'x'.repeat(20_000) : 'mended' },
  }));
  await node.agent(`${name}-next`, echo);
  await node.http.call({ agent_name: name, prompt: 'before', session_id: session });
  const folder = join(node.dataDir, 'payloads');
  await rename(folder, `${folder}-away`);
  await writeFile(folder, 'not a folder');
  const wish = { agent_name: name, prompt: 'broken', session_id: session, deadline_seconds: 3 };
  const { body } = await node.http.call(wish);
  await rm(folder);
  await rename(`${folder}-away`, folder);
  expect(body).toMatchObject({ success: false, error_type: 'internal' });
  return { callId: String(body.call_id), session };
}
