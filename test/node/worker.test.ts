/** A stand-alone worker beside a facade that has none. */
import { rm } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { claimPort } from '../../src/platform/embedded/ports.ts';
import { clusterSettings } from '../rig/cluster-settings.ts';
import { ProductProcess, startNodeProcess } from '../rig/node-process.ts';
import { testEnvironment, type Environment } from '../rig/test-node.ts';

async function place(extra: Environment = {}) {
  const environment = await testEnvironment(extra);
  onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
  return environment;
}

/** A facade without a worker, and the environment of workers beside it. */
async function startFacade() {
  const shared = await clusterSettings();
  const facade = await startNodeProcess(await place({ ...shared, HOLDFAST_EMBEDDED_WORKER: 'off' }));
  const beside = { ...shared, TEMPORAL_ADDRESS: facade.temporalAddress, HOLDFAST_LOG_LEVEL: 'info' };
  return { facade, beside: (extra: Environment) => place({ ...beside, ...extra }) };
}

test('a worker serves its health and metrics; on SIGTERM its request to an agent ends, and another worker continues the call', async () => {
  const { facade, beside } = await startFacade();
  expect((await facade.http.get('/readyz')).status).toBe(503);
  const port = await claimPort(0, 'HOLDFAST_WORKER_PORT');
  const worker = new ProductProcess(
    'worker.js',
    await beside({ HOLDFAST_WORKER_PORT: String(port), HOLDFAST_DRAIN_SECONDS: '20' }),
  );
  await worker.printed(/Worker is ready/);
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  const metrics = async (): Promise<string> => (await get('/metrics')).text();
  expect((await get('/healthz')).status).toBe(200);
  await expect.poll(async () => (await facade.http.get('/readyz')).status).toBe(200);

  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const agent = await startAgent(async () => {
    await gate;
    return { body: { content: 'in time' } };
  });
  onTestFinished(() => agent.close());
  await facade.http.register('slow', agent.port);
  const waiting = facade.http.call({ agent_name: 'slow', prompt: 'hello' });
  await agent.waitForRequests(1);
  expect(await metrics()).toMatch(/^holdfast_asks_in_flight 1$/m);
  const other = new ProductProcess('worker.js', await beside({}));
  await other.printed(/Worker is ready/);

  worker.kill('SIGTERM');
  await worker.printed(/"msg":"Stopping"/);
  expect((await get('/healthz')).status).toBe(200);
  release();

  expect((await waiting).body).toMatchObject({ success: true, response: 'in time' });
  expect(await worker.exited).toEqual({ code: 0, signal: null });
  expect(agent.requests).toHaveLength(1);
}, 90_000);

test('a worker counts the calls that it ran by agents that it has not heard of before, and shows no state that it does not read', async () => {
  const { facade, beside } = await startFacade();
  const port = await claimPort(0, 'HOLDFAST_WORKER_PORT');
  const worker = new ProductProcess('worker.js', await beside({ HOLDFAST_WORKER_PORT: String(port) }));
  await worker.printed(/Worker is ready/);
  const agent = await startAgent(() => ({ body: { content: 'hello' } }));
  onTestFinished(() => agent.close());
  await facade.http.register('new', agent.port);
  expect((await facade.http.call({ agent_name: 'new', prompt: 'hello' })).status).toBe(200);

  const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const answered = 'holdfast_calls_total{agent="new",outcome="answered",error_type=""} 1';
  await expect.poll(metrics, { timeout: 20_000 }).toContain(answered);
  expect(await metrics()).toContain('holdfast_agent_in_flight{agent="new"} 0');
  expect(await metrics()).not.toMatch(/holdfast_agent_(state|circuit_open)\{/);
  expect(await metrics()).not.toContain('(other)');
  const { text } = (await facade.http.get('/metrics')).body as { text: string };
  expect(text).toContain('holdfast_agent_state{agent="new",state="healthy"} 1');
  expect(text).not.toMatch(/holdfast_(calls_total|agent_in_flight)\{/);
  expect(worker.output).toContain('"msg":"A call ended"');
}, 90_000);

test('a worker that cannot start says why, and names the setting', async () => {
  const { facade, beside } = await startFacade();
  const taken = new URL(facade.url).port;
  const wrong: [Environment, string][] = [
    [{ HOLDFAST_WORKER_PORT: taken }, `Port ${taken} on 127.0.0.1 is in use: set HOLDFAST_WORKER_PORT`],
    [{ TEMPORAL_NAMESPACE: 'defualt' }, 'Temporal has no namespace defualt: set TEMPORAL_NAMESPACE'],
    [{ TEMPORAL_PROFILE: 'nowhere' }, 'Temporal config file cannot be used'],
  ];
  for (const [extra, message] of wrong) {
    const worker = new ProductProcess('worker.js', await beside(extra));
    expect((await worker.exited).code).toBe(1);
    expect(worker.output).toContain(message);
    expect(worker.output).not.toMatch(/^\s+at /m);
  }
}, 90_000);
