/** The whole node is killed with -9 in the middle of a batch of reruns: it ends, and each call was run again once. */
import { rm } from 'node:fs/promises';
import { Client, Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent, type ScriptedRequest } from '../agents/scripted-agent.ts';
import type { Json } from '../rig/http-client.ts';
import { samePlace, startNodeProcess } from '../rig/node-process.ts';
import { replayAll } from '../rig/replay-all.ts';
import { testEnvironment } from '../rig/test-node.ts';

const promptOf = ({ body }: ScriptedRequest): string =>
  (body as { messages: { content: string }[] }).messages.at(-1)?.content ?? '';

test('after kill -9 in the middle of a batch of 40 it ends with every call rerun exactly once', async () => {
  const environment = await testEnvironment();
  onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
  const first = await startNodeProcess(environment);
  let mended = false;
  const agent = await startAgent((request) =>
    mended ? { body: { content: `re: ${promptOf(request)}` } } : { status: 401 },
  );
  onTestFinished(() => agent.close());
  await first.http.register('mended', agent.port, { max_retries: 0 });
  const prompts = Array.from({ length: 40 }, (_, i) => `question ${i}`);
  await Promise.all(prompts.map((prompt) => first.http.call({ agent_name: 'mended', prompt })));
  const batch = { filter: { agent: 'mended' }, rate_per_second: 10, max_in_flight: 4 };
  await expect
    .poll(async () => (await first.http.post('/api/vps/reruns', { ...batch, dry_run: true })).body.total)
    .toBe(40);
  mended = true;
  const { headers } = await first.http.post('/api/vps/reruns', batch);
  const path = headers.get('Location') ?? '';
  await agent.waitForRequests(40 + 12);

  first.process.kill('SIGKILL');
  await first.process.exited;
  const second = await startNodeProcess(samePlace(environment, first));

  const read = async () => (await second.http.get(path)).body;
  await expect.poll(async () => (await read()).status, { timeout: 90_000 }).toBe('completed');
  const report = (await read()) as Json & { items: Json[] };
  expect(report).toMatchObject({ total: 40, done: 40, now_succeeded: 40, failed_again: 0, skipped: 0 });
  expect(new Set(report.items.map(({ rerun_id }) => rerun_id)).size).toBe(40);
  // An ask that the kill cut off is made again, with the same key (I3): by their keys there are 40.
  const reruns = agent.requests.slice(40);
  expect(new Set(reruns.map(({ callKey }) => callKey)).size).toBe(40);
  expect(new Set(reruns.map(promptOf))).toEqual(new Set(prompts));
  const client = new Client({ connection: await Connection.connect({ address: second.temporalAddress }) });
  onTestFinished(() => client.connection.close());
  expect(await replayAll(client)).toBeGreaterThan(80);
}, 180_000);
