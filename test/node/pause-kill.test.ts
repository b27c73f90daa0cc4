/** A paused agent with a killed node, and with workers that run apart from the facade (ADR 0042). */
import { Client, Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { echo, says } from '../api/scripts.ts';
import { samePlace, startNodeProcess } from '../rig/node-process.ts';
import { replayAll } from '../rig/replay-all.ts';
import { agentOf, describeCall, place, startAsync, startCluster } from './kill-support.ts';

const patience = { timeout: 40_000, interval: 200 };

/** What the call waits for: the type of its activity, and how often that was begun. */
async function waitOf(client: Client, callId: string): Promise<unknown> {
  const { raw } = await client.workflow.getHandle(`call-${callId}`).describe();
  return raw.pendingActivities?.map(({ activityType, attempt }) => [activityType?.name, attempt]);
}

test('a call that waits for a paused agent survives kill -9 of the node, asks nobody, and goes on after the resume', async () => {
  const environment = await place();
  const first = await startNodeProcess(environment);
  const agent = await agentOf(echo);
  await first.http.register('paused', agent.port);
  expect((await first.http.post('/api/vps/agents/paused/pause', { new_calls: 'wait' })).status).toBe(200);
  const id = await startAsync(first.http, { agent_name: 'paused', prompt: 'kept', deadline_seconds: 300 });
  const before = new Client({ connection: await Connection.connect({ address: first.temporalAddress }) });
  await expect.poll(() => waitOf(before, id), patience).toEqual([['awaitResume', 1]]);
  await before.connection.close();

  first.process.kill('SIGKILL');
  await first.process.exited;
  const second = await startNodeProcess(samePlace(environment, first));
  const client = new Client({ connection: await Connection.connect({ address: second.temporalAddress }) });
  onTestFinished(() => client.connection.close());

  await expect.poll(() => waitOf(client, id), patience).toEqual([['awaitResume', 2]]);
  expect((await second.http.get('/api/vps/agents?id=paused')).body.paused).toMatchObject({
    new_calls: 'wait',
  });
  expect(agent.requests).toEqual([]);
  const resumedAt = Date.now();
  expect((await second.http.post('/api/vps/agents/paused/resume')).status).toBe(200);
  await expect
    .poll(() => describeCall(second.http, id), patience)
    .toMatchObject({ status: 'completed', response: 're: kept' });
  expect(Date.now() - resumedAt).toBeLessThan(10_000);
  expect(agent.requests).toHaveLength(1);
  const { events } = await client.workflow.getHandle(`call-${id}`).fetchHistory();
  expect(events?.length).toBeLessThanOrEqual(20);
  expect(await replayAll(client)).toBeGreaterThan(0);
}, 120_000);

test('a stand-alone worker that is between two tries of an agent learns of its pause, and passes on', async () => {
  const { facade, startWorker } = await startCluster();
  await startWorker();
  const failing = await agentOf(() => ({ status: 503, headers: { 'Retry-After': '8' } }));
  const other = await agentOf(says('from the other'));
  await facade.http.register('other', other.port);
  await facade.http.register('failing', failing.port, { fallback_agents: ['other'] });
  const id = await startAsync(facade.http, { agent_name: 'failing', prompt: 'x' });
  await failing.waitForRequests(1);

  expect((await facade.http.post('/api/vps/agents/failing/pause', {})).status).toBe(200);

  await expect
    .poll(() => describeCall(facade.http, id), patience)
    .toMatchObject({ status: 'completed', agent_name: 'other' });
  expect(failing.requests).toHaveLength(1);
  expect((await describeCall(facade.http, id)).attempts).toMatchObject([
    { agent: 'failing', error_type: 'agent_paused', tries: 1 },
    { agent: 'other', status: 'ok' },
  ]);
}, 90_000);
