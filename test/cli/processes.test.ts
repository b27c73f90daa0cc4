/** `holdfast start` and `worker` run the entry points of npm start; a call survives a restart of its node. */
import { rm } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { gated } from '../api/scripts.ts';
import { HttpClient } from '../rig/http-client.ts';
import { samePlace, startNodeProcess } from '../rig/node-process.ts';
import { testEnvironment } from '../rig/test-node.ts';
import { runCli, startCli } from './run-cli.ts';

const key = 'a-key-of-24-characters-x';

async function place(extra = {}) {
  const environment = await testEnvironment(extra);
  onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
  return environment;
}

test('start runs a node until SIGTERM, even if settings of the command line are set', async () => {
  const node = startCli(['start'], {
    ...(await place()),
    HOLDFAST_URL: 'http://127.0.0.1:9',
    HOLDFAST_API_KEY: key,
    HOLDFAST_API_KEYS: key,
  });
  onTestFinished(() => void node.child.kill('SIGKILL'));
  await node.printed(/Temporal +\S+:\d+/);
  node.child.kill('SIGTERM');
  const { code, stderr } = await node.ended;
  expect(code).toBe(0);
  expect(stderr).toMatch(/Holdfast \S+ is ready/);
});

test('worker without TEMPORAL_ADDRESS fails and names that setting', async () => {
  const { code, stderr } = await runCli(['worker'], await place());
  expect(code).toBe(1);
  expect(stderr).toContain('set TEMPORAL_ADDRESS');
});

test('call waits for its answer across kill -9 of the node, and makes one call only', async () => {
  const gate = gated('there again');
  const agent = await startAgent(gate.script);
  onTestFinished(() => agent.close());
  const environment = await place();
  const first = await startNodeProcess(environment);
  await new HttpClient(first.url).register('steady', agent.port);
  const call = startCli(['call', 'steady', 'Will you wait?', '--json'], { HOLDFAST_URL: first.url });
  await agent.waitForRequests(1);

  first.process.kill('SIGKILL');
  await first.process.exited;
  gate.open();
  await startNodeProcess(samePlace(environment, first));

  const { code, stdout } = await call.ended;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ response: 'there again', agent_name: 'steady' });
  const keys = new Set(agent.requests.map(({ callKey }) => callKey));
  expect(keys.size).toBe(1);
}, 90_000);
