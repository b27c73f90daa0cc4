/** Following a call from a process that does not run it, past a worker's death, and until the node stops. */
import { rm } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { readEvents, type Told } from '../api/event-reader.ts';
import { gated } from '../api/scripts.ts';
import { clusterSettings } from '../rig/cluster-settings.ts';
import { ProductProcess, startNodeProcess } from '../rig/node-process.ts';
import { startTemporalServer } from '../rig/server-process.ts';
import { testEnvironment, type Environment } from '../rig/test-node.ts';

async function place(extra: Environment) {
  const environment = await testEnvironment(extra);
  onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
  return environment;
}

test('a facade without a worker streams the events of a call that others run; the stream ends at once when it stops', async () => {
  const shared = await clusterSettings();
  const facade = await startNodeProcess(
    await place({ ...shared, HOLDFAST_EMBEDDED_WORKER: 'off', HOLDFAST_DRAIN_SECONDS: '20' }),
  );
  const worker = async (): Promise<ProductProcess> => {
    const one = new ProductProcess(
      'worker.js',
      await place({ ...shared, TEMPORAL_ADDRESS: facade.temporalAddress, HOLDFAST_LOG_LEVEL: 'info' }),
    );
    await one.printed(/Worker is ready/);
    return one;
  };
  const first = await worker();
  const gate = gated('by another');
  const agent = await startAgent(gate.script);
  onTestFinished(() => agent.close());
  await facade.http.register('far', agent.port);
  const { body } = await facade.http.call({ agent_name: 'far', prompt: 'x' }, { Prefer: 'respond-async' });
  const url = `${facade.url}/api/vps/calls/${body.call_id as string}/events`;

  const told: Told[] = [];
  for await (const one of readEvents(url)) {
    told.push(one);
    if (told.length === 2) {
      first.kill('SIGKILL');
      await worker();
      gate.open();
    }
  }

  expect(told.map(({ event }) => event)).toEqual([
    'accepted',
    'attempt_started',
    'attempt_failed',
    'attempt_started',
    'answered',
    'end',
  ]);
  expect(told[2]?.data).toMatchObject({ try: 1, attempt: 1, error_type: 'internal' });

  const live = readEvents(`${facade.url}/api/vps/calls/live`);
  await live.next();
  const stopsAt = Date.now();
  facade.process.kill('SIGTERM');
  for await (const { event } of live) expect(event).toBe('calls');
  expect(Date.now() - stopsAt).toBeLessThan(5_000);
}, 120_000);

test('a stream outlives an outage of Temporal, and one that would begin in it is refused', async () => {
  const server = await startTemporalServer();
  const node = await startNodeProcess(await place({ TEMPORAL_ADDRESS: server.address }));
  const gate = gated('after all');
  const agent = await startAgent(gate.script);
  onTestFinished(() => agent.close());
  await node.http.register('gated', agent.port);
  const { body } = await node.http.call({ agent_name: 'gated', prompt: 'x' }, { Prefer: 'respond-async' });
  const path = `/api/vps/calls/${body.call_id as string}/events`;

  const names: unknown[] = [];
  for await (const { event } of readEvents(node.url + path)) {
    names.push(event);
    if (names.length !== 2) continue;
    await server.kill();
    await expect.poll(async () => (await node.http.get('/readyz')).status).toBe(503);
    expect((await node.http.get('/api/vps/calls/live')).body).toMatchObject({
      error_type: 'temporal_unavailable',
    });
    await server.start();
    gate.open();
  }

  // An outage that Temporal takes for the worker's death adds a try to the record; the agent is asked once all the same.
  expect(names.join()).toMatch(/^accepted,attempt_started,(attempt_failed,attempt_started,)?answered,end$/);
  expect(agent.requests).toHaveLength(1);
}, 120_000);
