/** Calls that another process began: killed in their first task, cancelled from elsewhere, counted by who takes them up. */
import { Client, Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import type { HttpClient, Json } from '../rig/http-client.ts';
import { samePlace, startNodeProcess } from '../rig/node-process.ts';
import { replayAll } from '../rig/replay-all.ts';
import { agentOf, describeCall, ended, gatedAgent, place, startAsync, startCluster } from './kill-support.ts';

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

  // Well before anything else would end that request, also on a busy machine.
  expect(Date.now() - cancelledAt).toBeLessThan(5_000);
  await expect.poll(async () => (await describeCall(facade.http, id)).status).toBe('cancelled');
}, 90_000);

test('calls from before a kill -9 count as load of the restarted node until they end', async () => {
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
