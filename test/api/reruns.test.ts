/** Running a call again: a new call with the same request, on the agents of today. */
import { describe, expect, it } from 'vitest';
import type { HttpAnswer } from '../rig/http-client.ts';
import { endedCall } from './ended-call.ts';
import { expectProblem } from './problem.ts';
import { echo, says } from './scripts.ts';
import { useNode } from './use-node.ts';

const locationOf = ({ headers }: HttpAnswer): string => headers.get('Location') ?? '';

describe('a rerun', () => {
  const node = useNode();

  it('is a new call on the agents of today, linked to the first', async () => {
    const first = await node.agent('rerun', () => ({ status: 401 }));
    const { body } = await node.http.call({
      agent_name: 'rerun',
      prompt: 'once more',
      session_id: 'rerun',
      user_id: 'u',
    });
    expect(body.success).toBe(false);
    const second = await node.agent('rerun', echo);

    const rerun = await node.http.post(`/api/vps/calls/${body.call_id as string}/rerun`);

    expect(rerun).toMatchObject({ status: 202, body: { rerun_of: body.call_id } });
    expect(locationOf(rerun)).toBe(`/api/vps/calls/${rerun.body.call_id as string}`);
    expect(await endedCall(node.http, locationOf(rerun))).toMatchObject({
      status: 'completed',
      response: 're: once more',
      rerun_of: body.call_id,
      session_id: 'rerun',
      user_id: 'u',
    });
    expect([first.requests.length, second.requests.length]).toEqual([1, 1]);
  });

  it('with an Idempotency-Key runs once, and the key fits no other rerun and no call', async () => {
    const agent = await node.agent('rerun-key', says('again'));
    const ask = async () =>
      (await node.http.call({ agent_name: 'rerun-key', prompt: 'x' })).body.call_id as string;
    const [one, other] = [await ask(), await ask()];
    const key = { 'Idempotency-Key': 'rerun once' };
    const rerun = (id: string) => node.http.post(`/api/vps/calls/${id}/rerun`, undefined, key);

    const answers = await Promise.all([rerun(one), rerun(one), rerun(one)]);

    const ids = new Set(answers.map(({ status, body }) => `${status} ${body.call_id as string}`));
    expect(ids).toEqual(new Set([`202 ${answers[0].body.call_id as string}`]));
    await endedCall(node.http, locationOf(answers[0]));
    expect(agent.requests).toHaveLength(3);
    expectProblem(await rerun(other), 422, 'idempotency_mismatch');
    expectProblem(
      await node.http.call({ agent_name: 'rerun-key', prompt: 'x' }, key),
      422,
      'idempotency_mismatch',
    );
    expect(agent.requests).toHaveLength(3);
  });

  it('needs its agent to be registered still', async () => {
    await node.agent('removed', says('gone'));
    const { body } = await node.http.call({ agent_name: 'removed', prompt: 'x' });
    await node.http.delete('/api/vps/agents/removed');

    const answer = await node.http.post(`/api/vps/calls/${body.call_id as string}/rerun`);

    expectProblem(answer, 404, 'agent_not_found');
  });
});
