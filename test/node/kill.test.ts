/** The whole node, its server or a worker is killed with -9 during calls: nothing is lost (I1-I4, I8). */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { Client, Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent, type Script, type ScriptedAgent } from '../agents/scripted-agent.ts';
import type { HttpClient, Json } from '../rig/http-client.ts';
import { ProductProcess, samePlace, startNodeProcess } from '../rig/node-process.ts';
import { replayAll } from '../rig/replay-all.ts';
import { testEnvironment, type Environment } from '../rig/test-node.ts';

async function place(extra: Environment = {}) {
  const environment = await testEnvironment(extra);
  onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
  return environment;
}

async function agentOf(script: Script): Promise<ScriptedAgent> {
  const agent = await startAgent(script);
  onTestFinished(() => agent.close());
  return agent;
}

/** Answers only once `open` was called; until then it hangs, so that its askers can be killed. */
async function gatedAgent() {
  let open = false;
  const agent = await agentOf(({ body }) => {
    if (!open) return { hang: true };
    const { messages } = body as { messages: { content: string }[] };
    return { body: { content: `re: ${messages.at(-1)?.content ?? ''}` } };
  });
  return { agent, open: () => (open = true) };
}

/** The server itself, not the shell that watches it. */
function temporalPidOf({ HOLDFAST_DATA_DIR = '' }: Environment): number {
  const lines = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  const line = lines.find(
    (one) => one.includes(`${HOLDFAST_DATA_DIR}/temporal.db`) && !one.includes('/bin/sh'),
  );
  return Number(line?.trim().split(' ')[0]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A facade that runs no worker, and how to start workers beside it. */
async function startCluster() {
  const key = { HOLDFAST_ENCRYPTION_KEY: randomBytes(32).toString('base64') };
  const facade = await startNodeProcess(await place({ ...key, HOLDFAST_EMBEDDED_WORKER: 'off' }));
  const startWorker = async (): Promise<ProductProcess> => {
    const address = { TEMPORAL_ADDRESS: facade.temporalAddress, HOLDFAST_LOG_LEVEL: 'info' };
    const worker = new ProductProcess('worker.js', { ...(await place(key)), ...address });
    await worker.printed(/Worker is ready/);
    return worker;
  };
  return { facade, startWorker };
}

const startAsync = async (http: HttpClient, body: Json): Promise<string> => {
  const answer = await http.call(body, { Prefer: 'respond-async' });
  expect(answer.status).toBe(202);
  return String(answer.body.call_id);
};

const describeCall = async (http: HttpClient, id: string): Promise<Json> =>
  (await http.get(`/api/vps/calls/${id}`)).body;

const ended = async (http: HttpClient, ids: readonly string[]): Promise<number> => {
  const all = await Promise.all(ids.map((id) => describeCall(http, id)));
  return all.filter((call) => call.status !== 'running').length;
};

test('after kill -9 of the whole node with 20 calls in flight, all end, in order, and nothing is forgotten', async () => {
  // With it the last calls might not ask the agent that failed the first ones.
  const environment = await place({ HOLDFAST_CIRCUIT_BREAKER: 'off' });
  const first = await startNodeProcess(environment);
  const { agent, open } = await gatedAgent();
  const broken = await agentOf(() => ({ status: 401 }));
  await first.http.register('gated', agent.port, { max_retries: 0, auth_token: 'a-token-of-the-agent' });
  await first.http.register('broken', broken.port, { max_retries: 0, fallback_agents: ['gated'] });
  const start = (body: Json) => startAsync(first.http, body);
  const single = await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      start({ agent_name: i % 2 ? 'gated' : 'broken', prompt: `single ${i}` }),
    ),
  );
  const inSession: string[] = [];
  for (let turn = 0; turn < 10; turn++)
    inSession.push(await start({ agent_name: 'gated', prompt: `turn ${turn}`, session_id: 'kept' }));
  await agent.waitForRequests(11); // Ten singles and the session's first turn.
  const serverPid = temporalPidOf(environment);
  // Health figures are kept from the second after they came in.
  await expect
    .poll(async () => JSON.stringify((await first.http.get('/api/vps/health/broken')).body.total_failures))
    .toBe('5');
  const client = new Client({ connection: await Connection.connect({ address: first.temporalAddress }) });
  onTestFinished(() => client.connection.close());
  await expect
    .poll(() => client.workflow.getHandle('agent-health').query('healthChanges', 0))
    .toMatchObject({
      agents: { broken: { totalFailures: 5 } },
    });

  // A first task that is lost asks its agents again, which then count twice.
  const asked = [...single, ...inSession.slice(0, 1)];
  const activities = async (id: string): Promise<number> => {
    const { raw } = await client.workflow.getHandle(`call-${id}`).describe();
    return raw.pendingActivities?.length ?? 0;
  };
  await expect
    .poll(async () => Promise.all(asked.map(activities)))
    .toEqual(Array.from({ length: 11 }, () => 1));

  first.process.kill('SIGKILL');
  await first.process.exited;
  await expect.poll(() => isAlive(serverPid)).toBe(false);
  open();
  const second = await startNodeProcess(samePlace(environment, first));

  await expect.poll(() => ended(second.http, [...single, ...inSession]), { timeout: 50_000 }).toBe(20);
  for (const id of [...single, ...inSession])
    expect(await describeCall(second.http, id)).toMatchObject({ status: 'completed', agent_name: 'gated' });
  const { messages } = (await second.http.get('/api/vps/sessions/kept')).body as { messages: Json[] };
  expect(messages.map((message) => message.call_id)).toEqual(inSession.flatMap((id) => [id, id]));
  expect(messages.map((message) => message.content)).toEqual(
    inSession.flatMap((_, turn) => [`turn ${turn}`, `re: turn ${turn}`]),
  );
  const { agents } = (await second.http.get('/api/vps/agents')).body as { agents: Json[] };
  expect(agents.map((one) => [one.name, one.has_auth_token])).toEqual([
    ['broken', false],
    ['gated', true],
  ]);
  expect((await second.http.get('/api/vps/health/broken')).body).toMatchObject({ total_failures: 5 });
  expect((await second.http.get('/api/vps/health/gated')).body).toMatchObject({ total_failures: 0 });
  await expectRecordedTries(second.http, agent, [...single, ...inSession]);
  expect(await replayAll(client)).toBeGreaterThan(22);
}, 120_000);

/** Every ask has its try on record, and all asks of one call and agent the same key (I3). */
async function expectRecordedTries(
  http: HttpClient,
  agent: ScriptedAgent,
  ids: readonly string[],
): Promise<void> {
  for (const id of ids) {
    const asks = agent.requests.filter((request) => request.callKey === `${id}/gated`);
    const { attempts } = (await describeCall(http, id)) as { attempts: Json[] };
    const tries = attempts.find((attempt) => attempt.agent === 'gated')?.tries as number;
    expect(asks.length).toBeGreaterThan(0);
    expect(asks.length).toBeLessThanOrEqual(tries);
  }
}

test('calls whose first task is killed with the whole node ask again under the same key, and end once', async () => {
  const environment = await place({ HOLDFAST_FIRST_TASK_WAIT_MS: '2000' });
  const first = await startNodeProcess(environment);
  const { agent, open } = await gatedAgent();
  const broken = await agentOf(() => ({ status: 401 }));
  await first.http.register('gated', agent.port, { max_retries: 0 });
  await first.http.register('broken', broken.port, { max_retries: 0, fallback_agents: ['gated'] });
  const ids = [
    await startAsync(first.http, { agent_name: 'gated', prompt: 'alone' }),
    await startAsync(first.http, { agent_name: 'broken', prompt: 'second choice' }),
    await startAsync(first.http, { agent_name: 'gated', prompt: 'in turn', session_id: 'kept' }),
  ];
  await agent.waitForRequests(3);

  first.process.kill('SIGKILL');
  await first.process.exited;
  open();
  const second = await startNodeProcess(samePlace(environment, first));

  await expect.poll(() => ended(second.http, ids), { timeout: 30_000 }).toBe(3);
  for (const id of ids)
    expect(await describeCall(second.http, id)).toMatchObject({ status: 'completed', agent_name: 'gated' });
  const keys = agent.requests.map((request) => request.callKey).sort();
  expect(keys).toEqual(ids.flatMap((id) => [`${id}/gated`, `${id}/gated`]).sort());
  const { messages } = (await second.http.get('/api/vps/sessions/kept')).body as { messages: Json[] };
  expect(messages.map((message) => message.content)).toEqual(['in turn', 're: in turn']);
  const client = new Client({ connection: await Connection.connect({ address: second.temporalAddress }) });
  onTestFinished(() => client.connection.close());
  await replayAll(client);
}, 90_000);

test('when the Temporal server alone is killed, the node starts it again and the asks go on as they were', async () => {
  const environment = await place();
  const node = await startNodeProcess(environment);
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const agent = await agentOf(async () => {
    await gate;
    return { body: { content: 'still here' } };
  });
  await node.http.register('patient', agent.port);
  const waiting = node.http.call({ agent_name: 'patient', prompt: 'hello' });
  await agent.waitForRequests(1);
  const before = temporalPidOf(environment);

  process.kill(before, 'SIGKILL');
  await expect.poll(async () => (await node.http.get('/healthz')).status).toBe(200);
  await expect.poll(async () => (await node.http.get('/readyz')).status).toBe(200);
  release();

  expect((await waiting).body).toMatchObject({ success: true, response: 'still here' });
  expect(agent.requests).toHaveLength(1);
  expect(temporalPidOf(environment)).not.toBe(before);
  expect((await node.http.call({ agent_name: 'patient', prompt: 'again' })).body.success).toBe(true);
}, 90_000);

test('a call of a worker that is killed is taken up by another within 10 s, and its agent is not blamed', async () => {
  const { facade, startWorker } = await startCluster();
  const first = await startWorker();
  const { agent, open } = await gatedAgent();
  await facade.http.register('taken-up', agent.port, { max_retries: 0 });
  const waiting = facade.http.call({ agent_name: 'taken-up', prompt: 'hello' });
  await agent.waitForRequests(1);
  await startWorker();

  open();
  const killedAt = Date.now();
  first.kill('SIGKILL');
  await agent.waitForRequests(2);

  expect(Date.now() - killedAt).toBeLessThan(10_000);
  const { body } = await waiting;
  expect(body).toMatchObject({ success: true, agent_name: 'taken-up' });
  const [attempt] = body.attempts as Json[];
  expect(attempt).toMatchObject({ status: 'ok', tries: 2 });
  expect((attempt?.try_log as Json[])[0]).toMatchObject({ lost: true, error_type: 'internal' });
  await expect
    .poll(async () => (await facade.http.get('/api/vps/health/taken-up')).body)
    .toMatchObject({ status: 'healthy', total_requests: 1, total_failures: 0 });
}, 90_000);

test('cancelling a call that another process runs closes the socket to its agent', async () => {
  const { facade, startWorker } = await startCluster();
  await startWorker();
  const { agent } = await gatedAgent();
  await facade.http.register('elsewhere', agent.port);
  const id = await startAsync(facade.http, { agent_name: 'elsewhere', prompt: 'hello' });
  await agent.waitForRequests(1);

  const cancelledAt = Date.now();
  await facade.http.post(`/api/vps/calls/${id}/cancel`);
  await agent.waitForAborts(1);

  expect(Date.now() - cancelledAt).toBeLessThan(1_000);
  await expect.poll(async () => (await describeCall(facade.http, id)).status).toBe('cancelled');
}, 90_000);

test('calls of before a kill -9 count in the load of the node that takes them up, until they end', async () => {
  const environment = await place({ HOLDFAST_MAX_CALLS_IN_FLIGHT: '6', HOLDFAST_CIRCUIT_BREAKER: 'off' });
  const first = await startNodeProcess(environment);
  const { agent, open } = await gatedAgent();
  await first.http.register('few', agent.port, { max_concurrency: 4 });
  await first.http.register('many', agent.port);
  const start = (http: HttpClient, agent_name: string) =>
    http.call({ agent_name, prompt: 'hello' }, { Prefer: 'respond-async' });
  const ids: string[] = [];
  for (const name of ['few', 'few', 'few', 'many', 'many']) {
    ids.push(String((await start(first.http, name)).body.call_id));
    // The last ones are killed as they start: they may be missing from Temporal's lists for a moment.
    if (ids.length <= 3) await agent.waitForRequests(ids.length);
  }
  first.process.kill('SIGKILL');
  await first.process.exited;

  const { http } = await startNodeProcess(samePlace(environment, first));
  const inFlight = async () =>
    /^holdfast_calls_in_flight (\d+)$/m.exec((await http.get('/metrics')).body.text as string)?.[1];
  await expect.poll(inFlight, { timeout: 10_000 }).toBe('5');
  expect((await start(http, 'few')).status).toBe(202);
  for (const name of ['few', 'many'])
    expect(await start(http, name)).toMatchObject({ status: 429, body: { error_type: 'overloaded' } });

  open();
  await expect.poll(() => ended(http, ids), { timeout: 40_000 }).toBe(ids.length);
  await expect.poll(inFlight, { timeout: 20_000 }).toBe('0');
  expect((await start(http, 'few')).status).toBe(202);
}, 120_000);
