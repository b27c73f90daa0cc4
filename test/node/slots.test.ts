/** A facade's places for calls that other processes run. */
import { rm } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { clusterSettings } from '../rig/cluster-settings.ts';
import { ProductProcess } from '../rig/node-process.ts';
import { startTestNode, testEnvironment } from '../rig/test-node.ts';

test('calls that end in a stand-alone worker free their places at the facade within seconds', async () => {
  const shared = await clusterSettings();
  const node = await startTestNode({ ...shared, HOLDFAST_EMBEDDED_WORKER: 'off' });
  const place = await testEnvironment({ ...shared, TEMPORAL_ADDRESS: node.node.temporalAddress });
  onTestFinished(() => rm(place.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
  const worker = new ProductProcess('worker.js', { ...place, HOLDFAST_LOG_LEVEL: 'info' });
  await worker.printed(/Worker is ready/);
  const agent = await startAgent(() => ({ body: { content: 'quick' } }));
  onTestFinished(() => agent.close());
  await node.http.register('bounded', agent.port, { max_concurrency: 2 });
  const call = () => node.http.call({ agent_name: 'bounded', prompt: 'hello' }, { Prefer: 'respond-async' });

  expect([(await call()).status, (await call()).status, (await call()).status]).toEqual([202, 202, 429]);
  await agent.waitForRequests(2);
  const endedAt = Date.now();
  await expect.poll(async () => (await call()).status, { timeout: 30_000 }).toBe(202);

  expect(Date.now() - endedAt).toBeLessThan(8_000);
  await expect
    .poll(async () => (await node.http.get('/metrics')).body.text, { timeout: 20_000 })
    .toMatch(/^holdfast_calls_in_flight 0$/m);
  await node.close();
}, 90_000);
