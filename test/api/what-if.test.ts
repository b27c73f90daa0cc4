/** What today's routing would do with calls of before: told from what is recorded, without asking anybody. */
import { describe, expect, it } from 'vitest';
import { onCluster } from '../on-cluster/start-facades.ts';
import type { Json } from '../rig/http-client.ts';
import { says } from './scripts.ts';
import { useNode } from './use-node.ts';

describe('the answer to what if', () => {
  // On a cluster a request waits for up to 2 s until the facades agree on the agents' health.
  const node = useNode({ HOLDFAST_CIRCUIT_COOLDOWN_SECONDS: onCluster ? '5' : '1' });
  const call = async (agent_name: string): Promise<string> =>
    (await node.http.call({ agent_name, prompt: 'x' })).body.call_id as string;
  const whatIf = async (callId: string): Promise<Json> =>
    (await node.http.get(`/api/vps/calls/${callId}/what-if`)).body;

  it('says that a fallback registered since would be asked, and asks nobody', async () => {
    const broken = await node.agent('broken', () => ({ status: 401 }), { max_retries: 0 });
    const callId = await call('broken');
    expect(await whatIf(callId)).toMatchObject({
      after: { chain: ['broken'], next_agent: null },
      changed: false,
    });

    await node.http.post('/api/vps/health/broken/reset'); // An open circuit would put it last.
    const spare = await node.agent('spare', says('x'));
    await node.http.register('broken', broken.port, { fallback_agents: ['spare', 'nobody'] });

    expect(await whatIf(callId)).toEqual({
      call_id: callId,
      agent_name: 'broken',
      asked: 'broken',
      answered_by: null,
      error_type: 'auth',
      before: {
        chain: ['broken'],
        attempts: [{ agent: 'broken', status: 'failed', error_type: 'auth' }],
      },
      after: {
        chain: ['broken', 'spare'],
        unregistered: ['nobody'],
        next_agent: 'spare',
        reason: "Agent 'spare' was not asked by this call",
        steps: [
          { agent: 'nobody', outcome: 'skipped', error_type: null },
          { agent: 'broken', outcome: 'as_recorded', error_type: 'auth' },
          { agent: 'spare', outcome: 'would_be_asked', error_type: null },
        ],
      },
      changed: true,
    });
    expect(broken.requests).toHaveLength(1);
    expect(spare.requests).toEqual([]);
  });

  it('says that the agent would be asked at its current address', async () => {
    await node.agent('moved', () => ({ status: 500 }), { max_retries: 0 });
    const callId = await call('moved');
    const moved = await node.agent('moved', says('x'));
    expect((await whatIf(callId)).after).toMatchObject({
      next_agent: 'moved',
      reason: "Agent 'moved' was registered at another address since",
    });
    expect(moved.requests).toEqual([]);
  });

  it('says that nobody is left to ask if the agent was removed', async () => {
    await node.agent('removed', () => ({ status: 500 }), { max_retries: 0 });
    const callId = await call('removed');
    await node.http.delete('/api/vps/agents/removed');
    expect(await whatIf(callId)).toMatchObject({
      before: { chain: ['removed'] },
      after: { chain: [], unregistered: ['removed'], next_agent: null },
      changed: true,
    });
  });

  it('does not take the probe slot of a half-open agent', async () => {
    let up = false;
    const agent = await node.agent(
      'half-open',
      () => (up ? { body: { content: 'back' } } : { reset: true }),
      { max_retries: 0, fallback_agents: ['second'] },
    );
    await node.agent('second', says('from the second'));
    const callId = await call('half-open');
    expect((await whatIf(callId)).after).toMatchObject({ chain: ['second', 'half-open'] });
    await expect
      .poll(async () => (await node.http.get('/api/vps/health/half-open')).body.circuit)
      .toBe('half_open');
    for (let looks = 0; looks < 3; looks++)
      expect((await whatIf(callId)).after).toMatchObject({ chain: ['half-open', 'second'] });
    expect(agent.requests).toHaveLength(1);

    up = true;
    expect((await node.http.call({ agent_name: 'half-open', prompt: 'x' })).body).toMatchObject({
      agent_name: 'half-open',
    });
  });

  it('has a row for every call that matches the filter, newest first, up to the limit', async () => {
    await node.agent('many', () => ({ status: 500 }), { max_retries: 0 });
    const ids = [await call('many'), await call('many'), await call('many')].toReversed();
    const list = async (query: string): Promise<unknown[]> => {
      const { status, body } = await node.http.get(`/api/vps/calls/what-if?${query}`);
      expect(status).toBe(200);
      return (body.calls as Json[]).map((row) => row.call_id);
    };
    await expect.poll(() => list('agent=many&status=failed')).toEqual(ids);
    expect(await list('agent=many&limit=2')).toEqual(ids.slice(0, 2));
    expect(await list('agent=many&error_type=auth')).toEqual([]);
    expect(await list('agent=many&status=completed')).toEqual([]);
  });

  it('is refused with a limit over 200, and for an unknown call', async () => {
    const tooMany = await node.http.get('/api/vps/calls/what-if?limit=201');
    expect(tooMany).toMatchObject({ status: 422, body: { errors: [{ field: 'limit' }] } });
    expect((await node.http.get('/api/vps/calls/unknown/what-if')).status).toBe(404);
  });
});
