/** The circuit breaker: failing agents are asked last, probed by one call after the cooldown, tried where nobody else is. */
import { describe, expect, it } from 'vitest';
import type { Reply, ScriptedAgent } from '../agents/scripted-agent.ts';
import type { Json } from '../rig/http-client.ts';
import { onCluster } from '../on-cluster/start-facades.ts';
import { gated, says } from './scripts.ts';
import { useNode, type NodeInUse } from './use-node.ts';

const healthOf = async (node: NodeInUse, name: string): Promise<Json> =>
  (await node.http.get(`/api/vps/health/${name}`)).body;

const ask = async (node: NodeInUse, agent_name: string): Promise<Json> =>
  (await node.http.call({ agent_name, prompt: 'x' })).body;

/** `name` has failed until its circuit opened; `backup` answers. */
async function opened(node: NodeInUse, name: string, reply: Reply, times = 1): Promise<ScriptedAgent> {
  await node.agent(`${name}-backup`, says('from the backup'));
  const registration = { max_retries: 0, fallback_agents: [`${name}-backup`] };
  const agent = await node.agent(name, () => reply, registration);
  for (let i = 0; i < times; i++)
    expect((await ask(node, name)).fallback_chain).toEqual([name, `${name}-backup`]);
  expect(agent.requests).toHaveLength(times);
  return agent;
}

describe('an open circuit', () => {
  const node = useNode();

  it.each([
    ['unreachable', { reset: true }, 1],
    ['unhealthy', { status: 500 }, 1],
  ] satisfies [string, Reply, number][])(
    'of an %s agent puts it last, and it is not asked',
    async (status, reply, times) => {
      const agent = await opened(node, status, reply, times);
      expect(await healthOf(node, status)).toMatchObject({ status, circuit: 'open' });

      const body = await ask(node, status);

      expect(body).toMatchObject({
        success: true,
        agent_name: `${status}-backup`,
        fallback_chain: [`${status}-backup`, status],
        retry_count: 0,
      });
      expect((await node.http.get(`/api/vps/calls/${String(body.call_id)}`)).body).toMatchObject({
        asked: status,
        answered_by: `${status}-backup`,
        agent_name: `${status}-backup`,
        passed_over: [status],
      });
      expect(agent.requests).toHaveLength(times);
    },
  );

  it('is not kept open by calls that pass the agent over', async () => {
    const agent = await opened(node, 'skipped', { reset: true });
    const before = await healthOf(node, 'skipped');

    for (let i = 0; i < 3; i++) await ask(node, 'skipped');

    expect(agent.requests).toHaveLength(1);
    expect(await healthOf(node, 'skipped')).toEqual(before);
  });

  it('does not keep an agent from being asked if there is no alternative', async () => {
    let up = false;
    const alone = await node.agent('alone', () => (up ? { body: { content: 'back' } } : { status: 500 }), {
      max_retries: 0,
    });
    for (let i = 0; i < 3; i++) await ask(node, 'alone');
    expect(await healthOf(node, 'alone')).toMatchObject({ circuit: 'open' });

    up = true;

    expect(await ask(node, 'alone')).toMatchObject({ success: true, response: 'back' });
    expect(alone.requests).toHaveLength(4);
    expect(await healthOf(node, 'alone')).toMatchObject({
      circuit: 'closed',
      circuit_open_until: null,
      consecutive_failures: 0,
    });
  });

  it("changes nothing if every agent of the chain has one: all are asked in the chain's order", async () => {
    await node.agent('last', () => ({ status: 500 }), { max_retries: 0 });
    await node.agent('first', () => ({ status: 500 }), { max_retries: 0, fallback_agents: ['last'] });
    await ask(node, 'first');

    const body = await ask(node, 'first');

    expect(body).toMatchObject({ success: false, agent_name: 'first', fallback_chain: ['first', 'last'] });
    expect(body.attempts).toMatchObject([{ status: 'failed' }, { status: 'failed' }]);
    expect((await node.http.get(`/api/vps/calls/${String(body.call_id)}`)).body).toMatchObject({
      asked: 'first',
      answered_by: null,
      passed_over: [],
    });
  });
});

describe('a circuit after its cooldown', () => {
  const node = useNode({ HOLDFAST_CIRCUIT_COOLDOWN_SECONDS: '1' });
  const halfOpen = async (name: string): Promise<void> => {
    await expect.poll(async () => (await healthOf(node, name)).circuit).toBe('half_open');
  };

  // One call per node may probe.
  it.skipIf(onCluster)(
    'lets one call through as a probe, sends the others elsewhere, and closes with its success',
    async () => {
      await opened(node, 'probed', { reset: true });
      const gate = gated('back again');
      const agent = await node.agent('probed', gate.script, { fallback_agents: ['probed-backup'] });
      await halfOpen('probed');

      const calls = [ask(node, 'probed'), ask(node, 'probed'), ask(node, 'probed')];
      const others = await Promise.race([
        Promise.all(calls.slice(0, 2)),
        Promise.all(calls.slice(1)),
        Promise.all([calls[0], calls[2]]),
      ]);
      gate.open();
      const all = await Promise.all(calls);

      expect(others.map((one) => one?.agent_name)).toEqual(['probed-backup', 'probed-backup']);
      expect(all.filter((one) => one.agent_name === 'probed')).toMatchObject([
        { response: 'back again', fallback_chain: ['probed', 'probed-backup'] },
      ]);
      expect(agent.requests).toHaveLength(1);
      expect(await healthOf(node, 'probed')).toMatchObject({ circuit: 'closed' });
      expect((await ask(node, 'probed')).agent_name).toBe('probed');
    },
  );

  it('opens again if the probe fails', async () => {
    const agent = await opened(node, 'still-down', { reset: true });
    await halfOpen('still-down');
    const before = await healthOf(node, 'still-down');

    const body = await ask(node, 'still-down');

    expect(body).toMatchObject({
      agent_name: 'still-down-backup',
      fallback_chain: ['still-down', 'still-down-backup'],
    });
    expect(agent.requests).toHaveLength(2);
    const after = await healthOf(node, 'still-down');
    expect(Date.parse(after.last_failure_at as string)).toBeGreaterThan(
      Date.parse(before.last_failure_at as string),
    );
    expect(after.consecutive_failures).toBe(2);
    await halfOpen('still-down');
  });
});

describe('a disabled circuit breaker', () => {
  const node = useNode({ HOLDFAST_CIRCUIT_BREAKER: 'off' });

  it('lets calls ask a failing agent first', async () => {
    const agent = await opened(node, 'asked', { reset: true }, 4);
    expect(agent.requests).toHaveLength(4);
    expect(await healthOf(node, 'asked')).toMatchObject({ status: 'unreachable', circuit: 'closed' });
  });
});
