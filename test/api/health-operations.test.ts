/** What an operator sees of an agent's last calls, and what an operator can do: reset the circuit, probe now. */
import { describe, expect, it } from 'vitest';
import { Health } from '../../src/services/agents/health.ts';
import { closedPort } from '../agents/support.ts';
import { onCluster } from '../on-cluster/start-facades.ts';
import type { HttpClient, Json } from '../rig/http-client.ts';
import { gated, says } from './scripts.ts';
import { useNode } from './use-node.ts';

const healthOf = async (http: HttpClient, name: string): Promise<Json> =>
  (await http.get(`/api/vps/health/${name}`)).body;
const ask = async (http: HttpClient, agent_name: string): Promise<Json> =>
  (await http.call({ agent_name, prompt: 'x' })).body;

describe('the health of an agent', () => {
  const node = useNode();

  it('contains the latencies of answered calls and the last errors, for all agents in one answer with details', async () => {
    await node.agent('detailed', ({ attempt }) =>
      attempt === 2 ? { status: 401 } : { body: { content: 'x' } },
    );
    const [first, failed, third] = [
      await ask(node.http, 'detailed'),
      await ask(node.http, 'detailed'),
      await ask(node.http, 'detailed'),
    ];

    const health = await healthOf(node.http, 'detailed');

    const latencies = [first, third].map((one) => ((one.attempts as Json[])[0] as Json).latency_ms as number);
    expect(health).toMatchObject({
      latencies_ms: latencies,
      latency_p50_ms: Math.min(...latencies),
      latency_p95_ms: Math.max(...latencies),
      recent_errors: [{ error_type: 'auth', call_id: failed.call_id, at: health.last_failure_at }],
    });
    const { body } = await node.http.get('/api/vps/health?details=true');
    expect(body).toMatchObject({ total_agents: 1, agents: [health] });
    expect((await node.http.get('/api/vps/health')).body).not.toHaveProperty('agents');
    expect((await node.http.get('/api/vps/health?details=yes')).status).toBe(422);
  });
});

describe('a reset', () => {
  const node = useNode();
  const down = async (name: string) => {
    await node.agent(`${name}-backup`, says('from the backup'));
    const agent = await node.agent(name, () => ({ reset: true }), {
      max_retries: 0,
      fallback_agents: [`${name}-backup`],
    });
    await ask(node.http, name);
    expect(await healthOf(node.http, name)).toMatchObject({ circuit: 'open', status: 'unreachable' });
    return agent;
  };

  it('closes the circuit at once, so that the next call asks the agent first; totals and errors stay', async () => {
    const agent = await down('reset');

    const { status, body } = await node.http.post('/api/vps/health/reset/reset');

    expect(status).toBe(200);
    expect(body).toMatchObject({
      agent_name: 'reset',
      status: 'healthy',
      success_rate: 100,
      circuit: 'closed',
      consecutive_failures: 0,
      last_error_type: null,
      total_requests: 1,
      total_failures: 1,
      error_metrics: { connection: 1 },
    });
    expect(body.recent_errors).toHaveLength(1);
    expect(await healthOf(node.http, 'reset')).toEqual(body);
    expect((await ask(node.http, 'reset')).fallback_chain).toEqual(['reset', 'reset-backup']);
    expect(agent.requests).toHaveLength(2);
    expect(await healthOf(node.http, 'reset')).toMatchObject({ circuit: 'open', consecutive_failures: 1 });
  });

  it('is seen by another node, and stays although an earlier failure reaches the health workflow after it', async () => {
    await down('shared');
    const temporal = {
      client: node.temporal,
      namespace: node.temporal.options.namespace,
      taskQueue: 'holdfast',
    };
    const elsewhere = new Health(temporal, { enabled: true, cooldownMs: 30_000 });
    await node.http.post('/api/vps/health/shared/reset');
    await elsewhere.refresh();
    expect(elsewhere.of('shared').resetAt).toBeGreaterThan(0);
    await expect
      .poll(async () => {
        await elsewhere.refresh();
        return elsewhere.of('shared').totalFailures;
      })
      .toBe(1);
    expect(elsewhere.of('shared')).toMatchObject({ consecutiveFailures: 0, errorCounts: { connection: 1 } });
    expect(elsewhere.circuit('shared')).toEqual({ state: 'closed' });
    expect(await healthOf(node.http, 'shared')).toMatchObject({ circuit: 'closed', total_failures: 1 });
  });

  it('is refused for an agent that is not registered, and so is a probe', async () => {
    for (const what of ['reset', 'probe'])
      expect(await node.http.post(`/api/vps/health/nobody/${what}`)).toMatchObject({
        status: 404,
        body: { error_type: 'agent_not_found' },
      });
  });
});

describe('a probe', () => {
  const node = useNode({ HOLDFAST_PROBE_SECONDS: '3600', HOLDFAST_PROBE_TIMEOUT_SECONDS: '1' });
  const probe = async (name: string): Promise<Json> =>
    (await node.http.post(`/api/vps/health/${name}/probe`)).body;

  it('requests the health path and reports its answer, and the circuit changes with it', async () => {
    let status = 503;
    const agent = await node.agent('path', () => ({ status }), { health_path: '/up' });
    for (let probes = 1; probes <= 3; probes++)
      expect(await probe('path')).toMatchObject({
        agent_name: 'path',
        ok: false,
        status_code: 503,
        error_type: 'model_error',
        error: expect.stringContaining('503') as string,
        latency_ms: expect.any(Number) as number,
        health: { consecutive_failures: probes, total_requests: 0, recent_errors: [] },
      });
    expect(await healthOf(node.http, 'path')).toMatchObject({ circuit: 'open' });

    status = 204;

    expect(await probe('path')).toMatchObject({
      ok: true,
      status_code: 204,
      error_type: null,
      error: null,
      health: { circuit: 'closed', status: 'healthy' },
    });
    expect(new Set(agent.requests.map((one) => `${one.method} ${one.path}`))).toEqual(new Set(['GET /up']));
  });

  it('only opens a connection to an agent without a health path, and sends no prompt', async () => {
    const agent = await node.agent('bare', says('x'));
    expect(await probe('bare')).toMatchObject({ ok: true, status_code: null, health: { status: 'healthy' } });
    expect(agent.requests).toEqual([]);
    await node.http.register('bare', await closedPort());
    expect(await probe('bare')).toMatchObject({
      ok: false,
      error_type: 'connection',
      error: expect.stringContaining('ECONNREFUSED') as string,
      health: { status: 'unreachable', circuit: 'open' },
    });
    await node.http.register('bare', agent.port);
    expect(await probe('bare')).toMatchObject({ ok: true, health: { circuit: 'closed' } });
  });

  it('does not close the circuit of a failing agent just because a connection can be opened', async () => {
    await node.agent('failing', () => ({ status: 500 }), { max_retries: 0 });
    await ask(node.http, 'failing');
    expect(await probe('failing')).toMatchObject({
      ok: true,
      health: { circuit: 'open', last_error_type: 'model_error' },
    });
  });

  // Each node sends a probe of its own.
  it.skipIf(onCluster)('ends in its time, and everybody who asks meanwhile shares it', async () => {
    const agent = await node.agent('hanging', () => ({ hang: true }), { health_path: '/up' });
    const all = await Promise.all([probe('hanging'), probe('hanging'), probe('hanging')]);
    for (const one of all)
      expect(one).toMatchObject({ ok: false, error_type: 'timeout', error: 'No answer within 1 s' });
    expect(agent.requests).toHaveLength(1);
    expect(await healthOf(node.http, 'hanging')).toMatchObject({ consecutive_failures: 1 });
  });
});

describe('a half-open agent that a call turns out not to need', () => {
  const node = useNode({ HOLDFAST_CIRCUIT_COOLDOWN_SECONDS: '2' });

  it('can be probed by another call as soon as that call has ended', async () => {
    let up = false;
    await node.agent('later', () => (up ? { body: { content: 'back' } } : { reset: true }), {
      max_retries: 0,
      fallback_agents: ['other'],
    });
    const front = gated('from the front');
    front.open();
    await node.agent('front', front.script, { fallback_agents: ['later'] });
    await node.agent('other', says('from the other'));
    await ask(node.http, 'later');
    await expect.poll(async () => (await healthOf(node.http, 'later')).circuit).toBe('half_open');
    up = true;

    expect((await ask(node.http, 'front')).agent_name).toBe('front');

    expect((await ask(node.http, 'later')).agent_name).toBe('later');
  });
});
