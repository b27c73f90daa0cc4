/** Starting says what is wrong; stopping lets calls finish or tells where to look. */
import { createServer, type AddressInfo } from 'node:net';
import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import type { Json } from '../rig/http-client.ts';
import { ProductProcess, samePlace, startNodeProcess } from '../rig/node-process.ts';
import { testEnvironment, type Environment } from '../rig/test-node.ts';

const script = 'src/node/server.js';

async function place(extra: Environment = {}) {
  const environment = await testEnvironment(extra);
  onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
  return environment;
}

/** An agent whose answers wait for `release`. */
async function waitingAgent() {
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const agent = await startAgent(async () => {
    await gate;
    return { body: { content: 'in time' } };
  });
  onTestFinished(() => agent.close());
  return { agent, release: () => release() };
}

test('SIGTERM lets a waited call finish, refuses new ones meanwhile, and ends with 0 and no process left', async () => {
  const environment = await place({ HOLDFAST_DRAIN_SECONDS: '20' });
  const node = await startNodeProcess(environment);
  const { agent, release } = await waitingAgent();
  await node.http.register('slow', agent.port);
  const waiting = node.http.call({ agent_name: 'slow', prompt: 'hello' });
  await agent.waitForRequests(1);

  node.process.kill('SIGTERM');
  await expect.poll(async () => (await node.http.get('/readyz')).status).toBe(503);
  const refused = await node.http.call({ agent_name: 'slow', prompt: 'too late' });
  release();

  expect(refused).toMatchObject({ status: 503, body: { error_type: 'shutting_down' } });
  expect(refused.headers.get('Retry-After')).not.toBeNull();
  expect((await waiting).body).toMatchObject({ success: true, response: 'in time' });
  expect(await node.process.exited).toEqual({ code: 0, signal: null });
  expect(execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' })).not.toContain(
    environment.HOLDFAST_DATA_DIR,
  );
}, 60_000);

test('a call that outlasts the drain is answered with 202 and Location, and continues after the next start', async () => {
  const environment = await place({ HOLDFAST_DRAIN_SECONDS: '1' });
  const node = await startNodeProcess(environment);
  const { agent, release } = await waitingAgent();
  await node.http.register('slow', agent.port, { max_retries: 0 });
  const waiting = node.http.call({ agent_name: 'slow', prompt: 'hello' });
  await agent.waitForRequests(1);

  const stoppedAt = Date.now();
  node.process.kill('SIGINT');
  const told = await waiting;
  expect(await node.process.exited).toEqual({ code: 0, signal: null });
  expect(Date.now() - stoppedAt).toBeLessThan(6_000);

  expect(told.status).toBe(202);
  const location = told.headers.get('Location') ?? '';
  release();
  const again = await startNodeProcess(samePlace(environment, node));
  await expect.poll(async () => (await again.http.get(location)).body.status).toBe('completed');
  const { body } = await again.http.get(location);
  expect(body).toMatchObject({ success: true, response: 'in time' });
  // The restart was nobody's failure, and none of the agent's time.
  const [attempt] = body.attempts as Json[];
  expect(attempt?.try_log).toMatchObject([
    { error_type: 'internal', lost: true },
    { error_type: null, lost: false },
  ]);
  const [first, second] = agent.requests.map(({ startedAt }) => startedAt);
  expect(attempt?.latency_ms).toBeLessThan((second ?? 0) - (first ?? 0));
  const { body: health } = await again.http.get('/api/vps/health/slow');
  expect(health).toMatchObject({ total_failures: 0, latencies_ms: [attempt?.latency_ms] });
}, 90_000);

test('a second signal ends a draining node at once', async () => {
  const node = await startNodeProcess(await place({ HOLDFAST_DRAIN_SECONDS: '60' }));
  const { agent } = await waitingAgent();
  await node.http.register('slow', agent.port);
  const waiting = node.http.call({ agent_name: 'slow', prompt: 'hello' }).catch(() => undefined);
  await agent.waitForRequests(1);
  node.process.kill('SIGINT');
  await expect.poll(async () => (await node.http.get('/readyz')).status).toBe(503);
  // As one who is impatient: what comes with the first, as from npm beside a terminal, is not a second one.
  const pressing = setInterval(() => node.process.kill('SIGINT'), 100);
  onTestFinished(() => clearInterval(pressing));
  expect((await node.process.exited).code).toBe(130);
  await waiting;
}, 60_000);

test.each<[string, Environment, RegExp]>([
  ['a wrong number', { HOLDFAST_PORT: 'eighty' }, /HOLDFAST_PORT: /],
  ['a number out of bounds', { HOLDFAST_MAX_CHAIN: '0' }, /HOLDFAST_MAX_CHAIN: /],
  ['a setting that does not exist', { HOLDFAST_PROT: '1' }, /Unknown settings: HOLDFAST_PROT/],
  ['a short API key', { HOLDFAST_API_KEYS: 'short' }, /HOLDFAST_API_KEYS: .*16/],
  ['another host without keys', { HOLDFAST_HOST: '0.0.0.0' }, /set HOLDFAST_API_KEYS/],
  [
    'a task queue that cannot name a deployment',
    { HOLDFAST_TASK_QUEUE: 'a.b', HOLDFAST_BUILD_ID: '1' },
    /HOLDFAST_TASK_QUEUE=a\.b .*no dot or colon/,
  ],
  ['a bad encryption key', { HOLDFAST_ENCRYPTION_KEY: 'abc' }, /HOLDFAST_ENCRYPTION_KEY: takes 32 bytes/],
  [
    'a data directory below a file',
    { HOLDFAST_DATA_DIR: '/dev/null/x' },
    /data directory .*HOLDFAST_DATA_DIR/s,
  ],
  ['a CLI that is none', { HOLDFAST_TEMPORAL_CLI: '/bin/true' }, /HOLDFAST_TEMPORAL_CLI=\/bin\/true/],
])('%s is told in words and ends the start with 1', async (_what, wrong, message) => {
  const node = new ProductProcess(script, { ...(await place()), ...wrong });
  expect((await node.exited).code).toBe(1);
  expect(node.output).toMatch(message);
  expect(node.output).not.toMatch(/^\s+at /m);
});

test('a removed setting is reported with its reason by a node and by a worker, and both start', async () => {
  const removed = { HOLDFAST_REPEAT_CACHE_SECONDS: '60', HOLDFAST_LOG_LEVEL: 'warn' };
  const warning = /HOLDFAST_REPEAT_CACHE_SECONDS was removed and has no effect; unset it\. Endings/;
  const environment = await place(removed);
  const node = await startNodeProcess(environment);
  expect(node.process.output).toMatch(warning);
  const worker = new ProductProcess('worker.js', {
    ...environment,
    TEMPORAL_ADDRESS: node.temporalAddress,
    HOLDFAST_LOG_LEVEL: 'info',
  });
  await worker.printed(/Worker is ready/);
  expect(worker.output).toMatch(warning);
}, 60_000);

test.each(['HOLDFAST_PORT', 'HOLDFAST_TEMPORAL_PORT', 'HOLDFAST_TEMPORAL_UI_PORT'])(
  'a port in use is told with its setting: %s',
  async (setting) => {
    const blocker = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void blocker.close());
    await expect.poll(() => blocker.listening).toBe(true);
    const { port } = blocker.address() as AddressInfo;
    const node = new ProductProcess(script, { ...(await place()), [setting]: String(port) });
    expect((await node.exited).code).toBe(1);
    expect(node.output).toMatch(new RegExp(`${port}.* in use.*${setting}`));
  },
);

test('a data directory that a running node uses is refused, and a newer database too', async () => {
  const environment = await place();
  await startNodeProcess(environment);
  const second = new ProductProcess(script, environment);
  expect((await second.exited).code).toBe(1);
  expect(second.output).toMatch(/locked: a node with pid \d+/);

  const newer = await place();
  await writeFile(join(newer.HOLDFAST_DATA_DIR, 'temporal.version.json'), '{"cli":"99.0.0"}');
  await writeFile(join(newer.HOLDFAST_DATA_DIR, 'temporal.db'), '');
  const third = new ProductProcess(script, newer);
  expect((await third.exited).code).toBe(1);
  expect(third.output).toMatch(/written by temporal 99\.0\.0/);
}, 60_000);

test('an unreachable TEMPORAL_ADDRESS is reported by the facade and by a worker; a worker without the setting refuses to start', async () => {
  const unreachable = { ...(await place()), TEMPORAL_ADDRESS: '127.0.0.1:1' };
  for (const entry of [script, 'worker.js']) {
    const process = new ProductProcess(entry, unreachable);
    expect((await process.exited).code).toBe(1);
    expect(process.output).toMatch(/127\.0\.0\.1:1 does not answer: check TEMPORAL_ADDRESS/);
  }
  const alone = new ProductProcess('worker.js', await place());
  expect((await alone.exited).code).toBe(1);
  expect(alone.output).toMatch(/needs a Temporal server: set TEMPORAL_ADDRESS/);
}, 60_000);
