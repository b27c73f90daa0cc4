/** What one process of a cluster changes, the others see in time. Facades and workers are separate processes. */
import { randomBytes, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { prepareNamespace } from '../../cluster/prepare-namespace.ts';
import { startAgent, type Script } from '../agents/scripted-agent.ts';
import { allEvents } from '../api/event-reader.ts';
import { echo, gated, says } from '../api/scripts.ts';
import type { HttpClient, Json } from '../rig/http-client.ts';
import { ProductProcess, startNodeProcess } from '../rig/node-process.ts';
import { testEnvironment } from '../rig/test-node.ts';
import { clusterOfThisRun } from './start-facades.ts';

/** Starts a facade without a worker, a facade with one, and a stand-alone worker, in a namespace of their own. */
async function start() {
  const cluster = clusterOfThisRun();
  if (!cluster) throw new Error('Run it with npm run test:cluster');
  const namespace = `test-${randomUUID()}`;
  await prepareNamespace(cluster.temporalAddress, namespace);
  const key = randomBytes(32).toString('base64');
  const place = async () => {
    const environment = await testEnvironment({
      TEMPORAL_ADDRESS: cluster.temporalAddress,
      TEMPORAL_NAMESPACE: namespace,
      HOLDFAST_ENCRYPTION_KEY: key,
      HOLDFAST_LOG_LEVEL: 'info',
      ...(store !== undefined && { HOLDFAST_PAYLOAD_STORE: store }),
    });
    store ??= `${environment.HOLDFAST_DATA_DIR}/payloads`;
    onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
    return environment;
  };
  let store: string | undefined;
  const worker = new ProductProcess('worker.js', await place());
  await worker.printed(/Worker is ready/);
  const without = await startNodeProcess({ ...(await place()), HOLDFAST_EMBEDDED_WORKER: 'off' });
  const withOne = await startNodeProcess(await place());
  const agent = async (http: HttpClient, name: string, script: Script, registration: Json = {}) => {
    const started = await startAgent(script);
    onTestFinished(() => started.close());
    await http.register(name, started.port, registration);
    return started;
  };
  return { without: without.http, withOne: withOne.http, agent };
}
const within = { timeout: 2_000, interval: 20 };
/** Every facade knows an outcome 2 s after its call. The rest is tolerance for a busy machine. */
const outcomeWithin = { timeout: 4_000, interval: 20 };

test('each facade sees what the other has done, with and without a worker of its own', async () => {
  const { without, withOne, agent } = await start();

  // A registration, a change of it, a removal.
  await agent(without, 'echo', echo);
  await expect.poll(async () => (await withOne.get('/api/vps/agents')).body.total, within).toBe(1);
  await agent(withOne, 'gone', echo);
  await expect.poll(async () => (await without.get('/api/vps/agents')).body.total, within).toBe(2);
  expect((await withOne.delete('/api/vps/agents/gone')).status).toBe(204);
  await expect.poll(async () => (await without.get('/api/vps/agents')).body.total, within).toBe(1);

  // A session, turn by turn.
  const both = [without, withOne] as const;
  for (let turn = 0; turn < 10; turn++) {
    const [here, there] = turn % 2 === 0 ? both : ([withOne, without] as const);
    const { body } = await here.call({ agent_name: 'echo', prompt: `turn ${turn}`, session_id: 'shared' });
    expect(body).toMatchObject({ success: true, session_stored: true });
    for (const http of [there, here]) {
      const { messages } = (await http.get('/api/vps/sessions/shared')).body as { messages: Json[] };
      expect(messages).toHaveLength(2 * (turn + 1));
    }
  }

  // A key: one call, while it runs and after it.
  const gate = gated('once');
  const once = await agent(without, 'once', gate.script);
  const keyed = (http: HttpClient) =>
    http.call({ agent_name: 'once', prompt: 'hello' }, { 'Idempotency-Key': 'shared' });
  await expect.poll(async () => (await withOne.get('/api/vps/agents')).body.total, within).toBe(2);
  const waiting = [keyed(without), keyed(withOne), keyed(without), keyed(withOne)];
  await once.waitForRequests(1);
  gate.open();
  const ids = (await Promise.all(waiting)).map(({ body }) => body.call_id);
  ids.push((await keyed(withOne)).body.call_id, (await keyed(without)).body.call_id);
  expect(new Set(ids).size).toBe(1);
  expect(once.requests).toHaveLength(1);

  // A circuit that calls through one of them have opened.
  await agent(without, 'backup', says('from the backup'));
  const broken = await agent(without, 'broken', () => ({ status: 500 }), {
    max_retries: 0,
    fallback_agents: ['backup'],
  });
  const ask = async (http: HttpClient) => (await http.call({ agent_name: 'broken', prompt: 'hello' })).body;
  const circuitAt = async (http: HttpClient) => (await http.get('/api/vps/health/broken')).body.circuit;

  expect((await ask(without)).fallback_chain).toEqual(['broken', 'backup']);
  await expect.poll(() => circuitAt(withOne), outcomeWithin).toBe('open');

  expect(await ask(withOne)).toMatchObject({ success: true, fallback_chain: ['backup', 'broken'] });
  expect(broken.requests).toHaveLength(1);

  // A call is watched, looked at and cancelled through the facade that did not take it.
  const later = gated('told');
  const told = await agent(withOne, 'told', later.script);
  const hanging = await agent(withOne, 'hanging', () => ({ hang: true }));
  const begin = async (agent_name: string): Promise<string> => {
    const { body } = await withOne.call({ agent_name, prompt: 'hello' }, { Prefer: 'respond-async' });
    return `/api/vps/calls/${String(body.call_id)}`;
  };

  const watched = await begin('told');
  await told.waitForRequests(1);
  const events = allEvents(`${without.url}${watched}/events`);
  expect((await without.get(watched)).body).toMatchObject({ status: 'running' });
  later.open();
  expect((await events).map(({ event }) => event)).toEqual([
    'accepted',
    'attempt_started',
    'answered',
    'end',
  ]);

  const cancelled = await begin('hanging');
  await hanging.waitForRequests(1);
  expect((await without.post(`${cancelled}/cancel`)).status).toBeLessThan(300);
  await expect.poll(async () => (await withOne.get(cancelled)).body.status).toBe('cancelled');
});
