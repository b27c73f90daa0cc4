/** Facades and workers are replaced one after the other under load: nothing is lost, nothing is done twice. */
import { rm } from 'node:fs/promises';
import { setTimeout as pass } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { clusterSettings } from '../rig/cluster-settings.ts';
import { HttpClient, type HttpAnswer, type Json } from '../rig/http-client.ts';
import { insist } from '../rig/insist.ts';
import { ProductProcess, samePlace, startNodeProcess, type NodeProcess } from '../rig/node-process.ts';
import { startTemporalServer } from '../rig/server-process.ts';
import { testEnvironment, type Environment } from '../rig/test-node.ts';

const lanes = 6;

async function startCluster() {
  const server = await startTemporalServer();
  const shared = await clusterSettings();
  const place = async (): Promise<Environment> => {
    const environment = await testEnvironment({
      TEMPORAL_ADDRESS: server.address,
      ...shared,
      HOLDFAST_LOG_LEVEL: 'info',
      HOLDFAST_DRAIN_SECONDS: '10',
    });
    onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
    return environment;
  };
  const startWorker = async (): Promise<ProductProcess> => {
    const worker = new ProductProcess('worker.js', await place());
    await worker.printed(/Worker is ready/);
    return worker;
  };
  const workers = [await startWorker(), await startWorker()];
  const facades: { environment: Environment; node: NodeProcess }[] = [];
  for (let i = 0; i < 2; i++) {
    const environment = { ...(await place()), HOLDFAST_EMBEDDED_WORKER: 'off' };
    facades.push({ environment, node: await startNodeProcess(environment) });
  }
  return { facades, workers, startWorker };
}

test('a rolling restart under load loses and doubles nothing', { timeout: 180_000 }, async () => {
  const { facades, workers, startWorker } = await startCluster();
  const agent = await startAgent(async ({ body }) => {
    await pass(30 + 170 * Math.random()); // Its work.
    return { body: { content: `re: ${(body as { messages: Json[] }).messages.at(-1)?.content as string}` } };
  });
  onTestFinished(() => agent.close());
  const urls = facades.map(({ node }) => node.url);
  const https = urls.map((url) => new HttpClient(url));
  await facades[0]?.node.http.register('quick', agent.port, { max_retries: 0 });
  await expect
    .poll(async () => (await new HttpClient(urls[1] ?? '').get('/api/vps/agents')).body.total)
    .toBe(1);

  const ended: { prompt: string; session: string; answer: HttpAnswer }[] = [];
  let stop = false;
  const lane = async (index: number): Promise<void> => {
    for (let turn = 0; !stop; turn++) {
      const prompt = `${index}/${turn}`;
      const session = `session-${index}`;
      const answer = await insist(https, { agent_name: 'quick', prompt, session_id: session });
      ended.push({ prompt, session, answer });
    }
  };
  const load = Promise.all(Array.from({ length: lanes }, (_, index) => lane(index)));

  for (const facade of facades) {
    facade.node.process.kill('SIGTERM');
    expect(await facade.node.process.exited).toEqual({ code: 0, signal: null });
    facade.node = await startNodeProcess(samePlace(facade.environment, facade.node));
  }
  for (const worker of workers) {
    const replacement = startWorker();
    await replacement;
    worker.kill('SIGTERM');
    expect(await worker.exited).toEqual({ code: 0, signal: null });
  }
  stop = true;
  await load;

  expect(ended.length).toBeGreaterThan(3 * lanes);
  for (const { prompt, answer } of ended)
    expect(answer).toMatchObject({ status: 200, body: { success: true, response: `re: ${prompt}` } });
  const keys = agent.requests.map((request) => request.callKey);
  expect(keys.length).toBe(new Set(keys).size);
  expect(keys.length).toBe(ended.length);
  for (let index = 0; index < lanes; index++) {
    const mine = ended.filter(({ session }) => session === `session-${index}`).map(({ prompt }) => prompt);
    const { messages } = (await new HttpClient(urls[0] ?? '').get(`/api/vps/sessions/session-${index}`))
      .body as {
      messages: Json[];
    };
    expect(messages.map(({ content }) => content)).toEqual(
      mine.flatMap((prompt) => [prompt, `re: ${prompt}`]),
    );
  }
});
