/** Health as calls and probes make it: states, figures, sums; what a registration keeps and a removal forgets. */
import { describe, expect, it } from 'vitest';
import { errorTypes } from '../../src/domain/failures.ts';
import type { Reply } from '../agents/scripted-agent.ts';
import type { Json } from '../rig/http-client.ts';
import { says } from './scripts.ts';
import { useNode } from './use-node.ts';

type Turn = 'ok' | 'error' | 'reset' | 'bad request';

const replies: Readonly<Record<Turn, Reply>> = {
  // A reset on a connection that was kept would be asked once more on a new one.
  ok: { body: { content: 'fine' }, headers: { connection: 'close' } },
  error: { status: 500 },
  reset: { reset: true },
  'bad request': { status: 400 },
};

describe('the health of agents', () => {
  const node = useNode({ HOLDFAST_PROBE_SECONDS: '1' });
  const healthOf = async (name: string): Promise<Json> =>
    (await node.http.get(`/api/vps/health/${encodeURIComponent(name)}`)).body;

  /** An agent that was asked once for each turn. */
  const asked = async (name: string, turns: readonly Turn[], registration: Json = {}) => {
    const agent = await node.agent(name, ({ attempt }) => replies[turns[attempt - 1] ?? 'ok'], {
      max_retries: 0,
      ...registration,
    });
    for (let asks = 0; asks < turns.length; asks++) await node.http.call({ agent_name: name, prompt: 'x' });
    return agent;
  };

  it('is perfect for an agent that was never asked', async () => {
    await node.agent('new', says('x'));
    expect(await healthOf('new')).toEqual({
      agent_name: 'new',
      status: 'healthy',
      success_rate: 100,
      recent_requests: 0,
      total_requests: 0,
      total_failures: 0,
      consecutive_failures: 0,
      last_success_at: null,
      last_failure_at: null,
      last_error_type: null,
      error_metrics: {},
      circuit: 'closed',
      circuit_open_until: null,
      paused: null,
      latencies_ms: [],
      latency_p50_ms: null,
      latency_p95_ms: null,
      recent_errors: [],
    });
  });

  it.each<[string, string, Turn[], Json]>([
    ['healthy', 'only successes', ['ok', 'ok'], { success_rate: 100, consecutive_failures: 0 }],
    [
      'healthy',
      'failures that do not count',
      ['ok', 'bad request', 'bad request'],
      { total_requests: 1, total_failures: 0, error_metrics: { invalid_request: 2 } },
    ],
    [
      'degraded',
      'a failure',
      ['ok', 'ok', 'error'],
      { success_rate: 66.67, total_failures: 1, consecutive_failures: 1, last_error_type: 'model_error' },
    ],
    [
      'degraded',
      'as many failures as successes',
      ['error', 'ok'],
      { success_rate: 50, consecutive_failures: 0, last_error_type: null },
    ],
    [
      'unhealthy',
      'more failures than successes',
      ['error', 'ok', 'error'],
      { success_rate: 33.33, error_metrics: { model_error: 2 } },
    ],
    [
      'unhealthy',
      'three failures in a row',
      ['ok', 'ok', 'ok', 'ok', 'error', 'error', 'error'],
      { success_rate: 57.14, consecutive_failures: 3 },
    ],
    [
      'unreachable',
      'a connection that broke last',
      ['ok', 'ok', 'reset'],
      { success_rate: 66.67, last_error_type: 'connection' },
    ],
    [
      'degraded',
      'a connection that came back',
      ['ok', 'reset', 'ok'],
      { consecutive_failures: 0, error_metrics: { connection: 1 } },
    ],
  ])('is %s after %s', async (status, what, turns, figures) => {
    await asked(what, turns);
    const health = await healthOf(what);
    expect(health).toMatchObject({ agent_name: what, status, ...figures });
    const bad = status === 'unhealthy' || status === 'unreachable';
    expect(health.circuit).toBe(bad ? 'open' : 'closed');
  });

  it('says when it last succeeded and failed, and until when its circuit is open', async () => {
    const agent = await asked('times', ['ok', 'reset']);
    const health = await healthOf('times');
    const [success = 0, failure = 0] = agent.requests.map((request) => request.startedAt);
    const at = (name: string) => Date.parse(health[name] as string);
    expect(at('last_success_at')).toBeGreaterThanOrEqual(success);
    expect(at('last_success_at')).toBeLessThanOrEqual(failure);
    expect(at('last_failure_at')).toBeGreaterThanOrEqual(failure);
    expect(at('circuit_open_until')).toBe(at('last_failure_at') + 30_000);
  });

  it('is summed over the registered agents only', async () => {
    const agents = (await node.http.get('/api/vps/agents')).body.agents as Json[];
    const each = await Promise.all(agents.map((agent) => healthOf(agent.name as string)));
    const count = (status: string) => each.filter((one) => one.status === status).length;
    const sum = (field: string) => each.reduce((total, one) => total + (one[field] as number), 0);
    const [requests, failures] = [sum('total_requests'), sum('total_failures')];
    expect(count('healthy') * count('degraded') * count('unhealthy') * count('unreachable')).toBeGreaterThan(
      0,
    );

    const { body } = await node.http.get('/api/vps/health');

    expect(body).toMatchObject({
      total_agents: agents.length,
      healthy_agents: count('healthy'),
      degraded_agents: count('degraded'),
      unhealthy_agents: count('unhealthy'),
      unreachable_agents: count('unreachable'),
      total_requests: requests,
      total_failures: failures,
      error_rate: Math.round((10_000 * failures) / requests) / 100,
    });
    const countOf = (metrics: unknown, type: string) => (metrics as Record<string, number>)[type] ?? 0;
    for (const type of errorTypes) {
      const expected = each.reduce((total, one) => total + countOf(one.error_metrics, type), 0);
      expect((body.error_metrics as Json)[type]).toBe(expected);
    }
    expect(countOf(body.error_metrics, 'connection')).toBeGreaterThan(0);
  });

  it('is summarized as operational while at least one agent is healthy', async () => {
    const { body } = await node.http.get('/api/vps/status');
    const overview = (await node.http.get('/api/vps/health')).body;
    expect(body).toEqual({
      status: 'operational',
      agents: overview.total_agents,
      healthy_agents: overview.healthy_agents,
      unhealthy_agents: (overview.total_agents as number) - (overview.healthy_agents as number),
      sessions: 0,
    });
  });

  it('survives another registration of the agent and is deleted with its removal', async () => {
    await asked('kept', ['error', 'error', 'error']);
    const before = await healthOf('kept');
    expect(before.status).toBe('unhealthy');

    await node.agent('kept', says('x'));
    expect(await healthOf('kept')).toEqual(before);

    await node.http.delete('/api/vps/agents/kept');
    await node.agent('kept', says('x'));
    const fresh = { status: 'healthy', total_requests: 0, error_metrics: {}, last_failure_at: null };
    expect(await healthOf('kept')).toMatchObject(fresh);
  });

  it('changes with probes of the health path, which do not count as requests', async () => {
    let up = false;
    const agent = await node.agent(
      'probed',
      ({ method }) => (method === 'GET' && !up ? { status: 503 } : { body: { content: 'x' } }),
      { health_path: '/up?deep=1', max_retries: 0 },
    );
    await expect.poll(async () => (await healthOf('probed')).status).toBe('unhealthy');
    const down = await healthOf('probed');
    expect(down).toMatchObject({ circuit: 'open', total_requests: 0, total_failures: 0, error_metrics: {} });
    expect(down.consecutive_failures).toBeGreaterThanOrEqual(3);

    up = true;

    await expect.poll(async () => (await healthOf('probed')).status).toBe('healthy');
    expect(await healthOf('probed')).toMatchObject({
      circuit: 'closed',
      total_requests: 0,
      consecutive_failures: 0,
    });
    expect(new Set(agent.requests.map(({ method, path }) => `${method} ${path}`))).toEqual(
      new Set(['GET /up?deep=1']),
    );
    await agent.stop();
    await expect.poll(async () => (await healthOf('probed')).status).toBe('unreachable');
  });
});
