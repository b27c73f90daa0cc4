/** Limits of keys and projects refuse a request before anything is accepted. */
import { rm } from 'node:fs/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { keyUsageId } from '../../src/domain/ids.ts';
import { usageQuery } from '../../src/workflows/messages.ts';
import { startAgent } from '../agents/scripted-agent.ts';
import { startNodeWithFacades } from '../rig/facades-beside.ts';
import { HttpClient, type HttpAnswer, type Json } from '../rig/http-client.ts';
import { samePlace, startNodeProcess, type NodeProcess } from '../rig/node-process.ts';
import { testEnvironment } from '../rig/test-node.ts';
import { expectInvalid, expectProblem } from './problem.ts';
import { says } from './scripts.ts';
import { useNode } from './use-node.ts';

const bootstrap = 'bootstrap-key-of-the-test-0123456789';
const node = useNode({ HOLDFAST_API_KEYS: bootstrap });
const patiently = { timeout: 20_000 };

async function keyWith(limits: Json, more: Json = {}): Promise<HttpClient & { id: string }> {
  const wish = { name: 'limited', scopes: ['call', 'read', 'operate'], limits, ...more };
  const { body } = await node.http.post('/api/vps/keys', wish);
  return Object.assign(new HttpClient(node.http.url, String(body.key)), { id: String(body.id) });
}

function expectLimit(answer: HttpAnswer | undefined, policy: string): void {
  if (!answer) throw new Error('Nothing was refused');
  expectProblem(answer, 429, 'limit_reached');
  expect(answer.headers.get('RateLimit-Policy')).toBe(policy);
  expect(answer.headers.get('RateLimit')).toMatch(/^"[\w-]+";r=0;t=\d+$/);
  expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThan(0);
}

describe('the limits of a key', () => {
  it('bound its requests a minute', async () => {
    const http = await keyWith({ requests_per_minute: 3 });
    const answers: HttpAnswer[] = [];
    // A minute may end meanwhile, but not two.
    for (let count = 0; count < 7; count++) answers.push(await http.get('/api/vps/agents'));
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThan(0);
    expectLimit(refused[0], '"requests-a-minute";q=3;w=60');
    expect((await node.http.get('/api/vps/agents')).status).toBe(200);
  });

  it('bound its calls in flight, and its calls a day without repeats', async () => {
    const hanging = await node.agent('hangs', () => ({ hang: true }), { max_retries: 0 });
    await node.agent('answers', says('hello'));
    const http = await keyWith({ calls_in_flight: 1, calls_per_day: 3 });
    const later = { Prefer: 'respond-async' };
    const first = await http.call({ agent_name: 'hangs', prompt: 'x' }, later);
    await hanging.waitForRequests(1);
    expectLimit(
      await http.call({ agent_name: 'answers', prompt: 'x' }),
      '"calls-in-flight";q=1;qu="concurrent-requests"',
    );
    await http.post(`/api/vps/calls/${String(first.body.call_id)}/cancel`);
    const keyed = { 'Idempotency-Key': 'limited' };
    const second = await vi.waitFor(async () => {
      const answer = await http.call({ agent_name: 'answers', prompt: 'x' }, keyed);
      expect(answer.status).toBe(200);
      return answer;
    }, patiently);
    for (let repeat = 0; repeat < 3; repeat++) {
      const again = await http.call({ agent_name: 'answers', prompt: 'x' }, keyed);
      expect(again.body.call_id).toBe(second.body.call_id);
    }
    expect((await http.call({ agent_name: 'answers', prompt: 'third' })).status).toBe(200);
    expectLimit(await http.call({ agent_name: 'answers', prompt: 'x' }), '"calls-a-day";q=3;w=86400');
    const rerun = await http.post(`/api/vps/calls/${String(second.body.call_id)}/rerun`);
    expectLimit(rerun, '"calls-a-day";q=3;w=86400');
  });

  it('count a call that is sent several times at once', async () => {
    await node.agent('answers at once', says('hello'));
    const http = await keyWith({ calls_per_day: 6 });
    const answers = await Promise.all(
      Array.from({ length: 48 }, (_, index) =>
        http.call(
          { agent_name: 'answers at once', prompt: 'x' },
          { 'Idempotency-Key': `several ${Math.floor(index / 4)}` },
        ),
      ),
    );
    const accepted = answers.filter(({ status }) => status === 200).map(({ body }) => body.call_id);
    expect(new Set(accepted).size).toBe(6);
  });

  it('bound its prompts', async () => {
    await node.agent('prompted', says('hello'));
    const http = await keyWith({ max_prompt_bytes: 10 });
    expect((await http.call({ agent_name: 'prompted', prompt: 'x'.repeat(8) })).status).toBe(200);
    const large = await http.call({ agent_name: 'prompted', prompt: 'x'.repeat(9) });
    expectProblem(large, 403, 'prompt_not_allowed');
    const hanging = await node.agent('prompted hangs', () => ({ hang: true }), { max_retries: 0 });
    const keyed = { 'Idempotency-Key': 'small, then large' };
    const later = { ...keyed, Prefer: 'respond-async' };
    const small = await http.call({ agent_name: 'prompted hangs', prompt: 'x' }, later);
    await hanging.waitForRequests(1);
    const other = await http.call({ agent_name: 'prompted', prompt: 'x'.repeat(9) }, keyed);
    expectProblem(other, 422, 'idempotency_mismatch');
    await http.post(`/api/vps/calls/${String(small.body.call_id)}/cancel`);
  });

  it('exclude batches, which would not count', async () => {
    const http = await keyWith({ calls_per_day: 10 });
    const batch = await http.post('/api/vps/reruns', { filter: { status: 'failed' } });
    expectProblem(batch, 403, 'batch_not_allowed');
    const dry = await http.post('/api/vps/reruns', { filter: { status: 'failed' }, dry_run: true });
    expect(dry.status).toBe(200);
  });

  it('can be changed, and are shown', async () => {
    await node.agent('changed', says('hello'));
    const http = await keyWith({ calls_per_day: 1 });
    const changed = await node.http.patch(`/api/vps/keys/${http.id}`, { limits: { max_prompt_bytes: 100 } });
    expect(changed.body.limits).toEqual({
      requests_per_minute: null,
      calls_in_flight: null,
      calls_per_day: null,
      max_prompt_bytes: 100,
    });
    for (let count = 0; count < 3; count++)
      expect((await http.call({ agent_name: 'changed', prompt: 'x' })).status).toBe(200);
    const wrong = await node.http.patch(`/api/vps/keys/${http.id}`, { limits: { calls_per_day: 0 } });
    expectInvalid(wrong, 'limits.calls_per_day');
  });

  it('do not hide when it was last used, to the minute', async () => {
    const http = await keyWith({});
    const lastUsed = async () =>
      (await node.http.get(`/api/vps/keys/${http.id}`)).body.last_used_at as string | null;
    expect(await lastUsed()).toBeNull();
    await http.get('/api/vps/agents');
    const at = await lastUsed();
    expect(Date.now() - Date.parse(at ?? '')).toBeLessThan(120_000);
    expect(at).toMatch(/:00\.000Z$/);
  });
});

describe('with several facades, a limit', { timeout: 120_000 }, () => {
  async function threeFacades(callsPerDay: number) {
    const test = await startNodeWithFacades({ HOLDFAST_API_KEYS: bootstrap });
    onTestFinished(() => test.close());
    const others = [await test.startFacade(), await test.startFacade()];
    await vi.waitFor(async () => expect((await test.http.get('/api/vps/nodes')).body.nodes).toHaveLength(3), {
      timeout: 40_000,
    });
    const agent = await startAgent(says('hello'));
    onTestFinished(() => agent.close());
    await test.http.register('counted', agent.port);
    const wish = { name: 'limited', scopes: ['call'], limits: { calls_per_day: callsPerDay } };
    const { body } = await test.http.post('/api/vps/keys', wish);
    const clients = [test.http, ...others].map(({ url }) => new HttpClient(url, String(body.key)));
    const call = async (facade: number): Promise<number | undefined> =>
      (await clients[facade]?.call({ agent_name: 'counted', prompt: 'x' }))?.status;
    const kill = async (facade: number) => {
      others[facade - 1]?.process.kill('SIGKILL');
      await others[facade - 1]?.process.exited;
    };
    return { agent, call, kill, temporal: test.temporal };
  }

  it('is exceeded by at most a third, and can be used up', async () => {
    const { agent, call } = await threeFacades(30);
    const accepted = () => agent.requests.length;
    await Promise.all(Array.from({ length: 90 }, (_, index) => call(index % 3)));
    expect(accepted()).toBeGreaterThanOrEqual(24); // The shares of the first round.
    await vi.waitFor(
      async () => {
        for (const facade of [0, 1, 2]) await call(facade);
        expect(accepted()).toBeGreaterThanOrEqual(30);
      },
      { timeout: 60_000, interval: 200 },
    );
    await Promise.all(Array.from({ length: 30 }, (_, index) => call(index % 3)));
    expect(accepted()).toBeLessThanOrEqual(40);
  });

  it('of a day counts what a facade accepted that was killed afterwards', async () => {
    const { call, kill, temporal } = await threeFacades(20);
    for (let count = 0; count < 5; count++) expect(await call(1)).toBe(200);
    const told = async () => {
      const { calls } = await temporal.workflow.getHandle(keyUsageId).query(usageQuery, 'nobody', 0);
      return Object.values(calls);
    };
    await vi.waitFor(async () => expect(await told()).toEqual([5]), patiently);
    await kill(1);
    let accepted = 5;
    await vi.waitFor(
      async () => {
        for (const facade of [0, 2]) if ((await call(facade)) === 200) accepted += 1;
        expect(accepted).toBeGreaterThanOrEqual(20);
      },
      { timeout: 60_000, interval: 200 },
    );
    await Promise.all(
      [0, 2, 0, 2, 0, 2].map(async (facade) => ((await call(facade)) === 200 ? accepted++ : 0)),
    );
    expect(accepted).toBeLessThanOrEqual(27);
  });
});

it("a day's count outlives a restart", async () => {
  const environment = await testEnvironment({ HOLDFAST_API_KEYS: bootstrap, HOLDFAST_LOG_LEVEL: 'warn' });
  onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
  const first = await startNodeProcess(environment);
  const agent = await startAgent(says('hello'));
  onTestFinished(() => agent.close());
  await first.http.register('counted', agent.port);
  const wish = { name: 'limited', scopes: ['call'], limits: { calls_per_day: 3 } };
  const key = String((await first.http.post('/api/vps/keys', wish)).body.key);
  const call = async ({ url }: NodeProcess) =>
    (await new HttpClient(url, key).call({ agent_name: 'counted', prompt: 'x' })).status;
  expect([await call(first), await call(first)]).toEqual([200, 200]);
  first.process.kill('SIGTERM');
  expect(await first.process.exited).toEqual({ code: 0, signal: null });
  expect(first.process.output).not.toMatch(/Stopping: .* failed/);
  const second = await startNodeProcess(samePlace(environment, first));
  expect([await call(second), await call(second)]).toEqual([200, 429]);
});

it('a project has limits that its keys share', async () => {
  await node.agent('shared', says('hello'));
  await node.http.post('/api/vps/projects', { name: 'limited' });
  const first = await keyWith({}, { project: 'limited' });
  const second = await keyWith({}, { project: 'limited' });
  await node.http.patch('/api/vps/projects/limited', { limits: { calls_per_day: 3 } });
  const answers: HttpAnswer[] = [];
  for (let count = 0; count < 4; count++)
    answers.push(await (count % 2 === 0 ? first : second).call({ agent_name: 'shared', prompt: 'x' }));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  const named = await node.http.call(
    { agent_name: 'shared', prompt: 'x' },
    { 'Holdfast-Project': 'limited' },
  );
  expectLimit(named, '"calls-a-day";q=3;w=86400');
  expectProblem(await node.http.patch('/api/vps/projects/default', { limits: {} }), 409, 'default_project');
});

it('a project may ask for some agents only, whoever sends the call', async () => {
  await node.agent('pm-one', says('hello'));
  await node.agent('other', says('hello'));
  await node.http.post('/api/vps/projects', { name: 'few' });
  const changed = await node.http.patch('/api/vps/projects/few', { limits: { agents: ['pm-*'] } });
  expect(changed.body.limits).toMatchObject({ agents: ['pm-*'], calls_per_day: null });
  const http = await keyWith({}, { project: 'few' });
  const named = { 'Holdfast-Project': 'few' };
  const allowed = await http.call({ agent_name: 'pm-one', prompt: 'x' });
  expect(allowed.status).toBe(200);
  const wish = { agent_name: 'other', prompt: 'x' };
  for (const answer of [await http.call(wish), await node.http.call(wish, named)]) {
    expectProblem(answer, 403, 'agent_not_allowed');
    expect(answer.body.detail).toBe("The project 'few' may call 'pm-*', not 'other'");
  }
  const rerun = `/api/vps/calls/${String(allowed.body.call_id)}/rerun`;
  expectProblem(await http.post(rerun, { agent_name: 'other' }), 403, 'agent_not_allowed');
  expectProblem(
    await http.post('/api/vps/reruns', { filter: { status: 'failed' } }),
    403,
    'batch_not_allowed',
  );
  expect((await node.http.call(wish)).status).toBe(200);
  await node.http.patch('/api/vps/projects/few', { limits: {} });
  expect((await http.call(wish)).status).toBe(200);
  const many = { limits: { agents: Array.from({ length: 21 }, (_, index) => `agent-${index}`) } };
  expectInvalid(await node.http.patch('/api/vps/projects/few', many), 'limits.agents');
  expectInvalid(
    await node.http.patch(`/api/vps/keys/${http.id}`, { limits: { agents: ['x'] } }),
    'limits.agents',
  );
});
