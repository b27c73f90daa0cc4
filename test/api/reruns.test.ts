/** Running a call again: a new call with the same request, on the agents of today. */
import { describe, expect, it } from 'vitest';
import { rerunIdOf } from '../../src/domain/hashed-ids.ts';
import type { HttpAnswer } from '../rig/http-client.ts';
import { endedCall } from './ended-call.ts';
import { expectProblem } from './problem.ts';
import { echo, gated, says } from './scripts.ts';
import { useNode } from './use-node.ts';

const locationOf = ({ headers }: HttpAnswer): string => headers.get('Location') ?? '';

describe('a rerun', () => {
  const node = useNode();

  it("is a new call with the agents' current configs, linked to the first call", async () => {
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

  it('with an Idempotency-Key runs once, and the key is refused for other reruns and calls', async () => {
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

  it('is refused if its agent is no longer registered', async () => {
    await node.agent('removed', says('gone'));
    const { body } = await node.http.call({ agent_name: 'removed', prompt: 'x' });
    await node.http.delete('/api/vps/agents/removed');

    const answer = await node.http.post(`/api/vps/calls/${body.call_id as string}/rerun`);

    expectProblem(answer, 404, 'agent_not_found');
  });

  it('is one call if it is requested twenty times at once with one Idempotency-Key', async () => {
    await node.agent('clicked', () => ({ status: 401 }));
    const { body } = await node.http.call({ agent_name: 'clicked', prompt: 'x', session_id: 'clicked' });
    const gate = gated('once');
    const agent = await node.agent('clicked', gate.script);
    const key = { 'Idempotency-Key': 'clicked once' };
    const rerun = () => node.http.post(`/api/vps/calls/${body.call_id as string}/rerun`, undefined, key);

    const answers = await Promise.all(Array.from({ length: 20 }, rerun));
    const late = await rerun();

    expect(new Set([...answers, late].map((one) => one.body.call_id)).size).toBe(1);
    expect(answers.filter((one) => one.body.attached === false)).toHaveLength(1);
    expect(late).toMatchObject({ status: 202, body: { attached: true } });
    gate.open();
    await endedCall(node.http, locationOf(late));
    expect((await rerun()).body).toEqual(late.body);
    expect(agent.requests).toHaveLength(1);
  });

  it('without a key is another call each time, each with a number of its family', async () => {
    await node.agent('unkeyed', () => ({ status: 401 }));
    const { body } = await node.http.call({ agent_name: 'unkeyed', prompt: 'x' });
    const gate = gated('again');
    const agent = await node.agent('unkeyed', gate.script);
    const rerun = () => node.http.post(`/api/vps/calls/${body.call_id as string}/rerun`);

    const answers = [...(await Promise.all([rerun(), rerun(), rerun()])), await rerun()];

    const ids = [1, 2, 3, 4].map((number) => rerunIdOf(String(body.call_id), number));
    expect(answers.map((one) => one.body.call_id).sort()).toEqual(ids.sort());
    expect(answers.map((one) => one.body.attached)).toEqual([false, false, false, false]);
    gate.open();
    for (const answer of answers)
      expect(await endedCall(node.http, locationOf(answer))).toMatchObject({ status: 'completed' });
    expect(agent.requests).toHaveLength(4);
  });

  it('can override the agent, the chain, the prompt and the deadline', async () => {
    await node.agent('plain', () => ({ status: 401 }), { fallback_agents: ['never'] });
    const never = await node.agent('never', () => ({ status: 401 }));
    const refuses = await node.agent('refuses', () => ({ status: 401 }));
    const helps = await node.agent('helps', echo);
    const { body } = await node.http.call({ agent_name: 'plain', prompt: 'x' });
    const asked = never.requests.length;

    const rerun = await node.http.post(`/api/vps/calls/${body.call_id as string}/rerun`, {
      agent_name: 'refuses',
      fallback_agents: ['helps'],
      prompt: 'y'.repeat(20_000),
      deadline_seconds: 30,
    });

    expect(await endedCall(node.http, locationOf(rerun))).toMatchObject({
      status: 'completed',
      fallback_chain: ['refuses', 'helps'],
      response: `re: ${'y'.repeat(20_000)}`,
    });
    expect([never.requests.length, refuses.requests.length, helps.requests.length]).toEqual([asked, 1, 1]);
  });

  it('that begins at the failed agent leaves out the agents before it', async () => {
    const first = await node.agent('first', () => ({ status: 401 }), {
      fallback_agents: ['second', 'third'],
    });
    await node.agent('second', () => ({ status: 401 }));
    await node.agent('third', () => ({ status: 401 }));
    const { body } = await node.http.call({ agent_name: 'first', prompt: 'x' });
    const third = await node.agent('third', echo);

    const rerun = await node.http.post(`/api/vps/calls/${body.call_id as string}/rerun`, {
      from: 'failed_agent',
    });

    expect(await endedCall(node.http, locationOf(rerun))).toMatchObject({
      status: 'completed',
      fallback_chain: ['third'],
      answered_by: 'third',
    });
    expect([first.requests.length, third.requests.length]).toEqual([1, 1]);
  });

  it('is refused with overrides that name an unregistered agent or are unknown, and the refusal names the field', async () => {
    await node.agent('sound', says('fine'));
    const { body } = await node.http.call({ agent_name: 'sound', prompt: 'x' });
    const rerun = (overrides: object) =>
      node.http.post(`/api/vps/calls/${body.call_id as string}/rerun`, overrides);

    const unregistered = await rerun({ fallback_agents: ['nobody'] });
    expectProblem(unregistered, 422, 'validation_failed');
    expect(unregistered.body.errors).toMatchObject([{ field: 'fallback_agents' }]);
    expectProblem(await rerun({ agent_name: 'nobody' }), 404, 'agent_not_found');
    expectProblem(await rerun({ agent: 'sound' }), 422, 'validation_failed');
    const nothingFailed = await rerun({ from: 'failed_agent' });
    expectProblem(nothingFailed, 422, 'validation_failed');
    expect(nothingFailed.body.errors).toMatchObject([{ field: 'from' }]);
  });
});
