/** The whole node, its server or a worker is killed with -9 during calls: nothing is lost (I1-I4, I8). */
import { Client, Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import type { ScriptedAgent } from '../agents/scripted-agent.ts';
import { isAlive } from '../platform/embedded/support.ts';
import type { HttpClient, Json } from '../rig/http-client.ts';
import { samePlace, startNodeProcess } from '../rig/node-process.ts';
import { replayAll } from '../rig/replay-all.ts';
import {
  agentOf,
  describeCall,
  ended,
  gatedAgent,
  place,
  startAsync,
  startCluster,
  temporalPidOf,
} from './kill-support.ts';

test('after kill -9 of the whole node with 20 calls in flight, all end, in order, and nothing is forgotten', async () => {
  // With it the last calls might not ask the agent that failed the first ones.
  const environment = await place({ HOLDFAST_CIRCUIT_BREAKER: 'off' });
  const first = await startNodeProcess(environment);
  const { agent, open } = await gatedAgent();
  const broken = await agentOf(() => ({ status: 401 }));
  await first.http.register('gated', agent.port, { max_retries: 0, auth_token: 'a-token-of-the-agent' });
  await first.http.register('broken', broken.port, { max_retries: 0, fallback_agents: ['gated'] });
  const start = (body: Json) => startAsync(first.http, body);
  const single = await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      start({ agent_name: i % 2 ? 'gated' : 'broken', prompt: `single ${i}` }),
    ),
  );
  const inSession: string[] = [];
  for (let turn = 0; turn < 10; turn++)
    inSession.push(await start({ agent_name: 'gated', prompt: `turn ${turn}`, session_id: 'kept' }));
  await agent.waitForRequests(11); // Ten singles and the session's first turn.
  const serverPid = temporalPidOf(environment);
  // Health figures are kept from the second after they came in.
  await expect
    .poll(async () => JSON.stringify((await first.http.get('/api/vps/health/broken')).body.total_failures))
    .toBe('5');
  const client = new Client({ connection: await Connection.connect({ address: first.temporalAddress }) });
  onTestFinished(() => client.connection.close());
  await expect
    .poll(() => client.workflow.getHandle('agent-health').query('healthChanges', 0))
    .toMatchObject({
      agents: { broken: { totalFailures: 5 } },
    });

  // A first task that is lost asks its agents again, which then count twice.
  const asked = [...single, ...inSession.slice(0, 1)];
  const activities = async (id: string): Promise<number> => {
    const { raw } = await client.workflow.getHandle(`call-${id}`).describe();
    return raw.pendingActivities?.length ?? 0;
  };
  await expect
    .poll(async () => Promise.all(asked.map(activities)))
    .toEqual(Array.from({ length: 11 }, () => 1));

  first.process.kill('SIGKILL');
  await first.process.exited;
  await expect.poll(() => isAlive(serverPid)).toBe(false);
  open();
  const second = await startNodeProcess(samePlace(environment, first));

  await expect.poll(() => ended(second.http, [...single, ...inSession]), { timeout: 50_000 }).toBe(20);
  for (const id of [...single, ...inSession])
    expect(await describeCall(second.http, id)).toMatchObject({ status: 'completed', agent_name: 'gated' });
  const { messages } = (await second.http.get('/api/vps/sessions/kept')).body as { messages: Json[] };
  expect(messages.map((message) => message.call_id)).toEqual(inSession.flatMap((id) => [id, id]));
  expect(messages.map((message) => message.content)).toEqual(
    inSession.flatMap((_, turn) => [`turn ${turn}`, `re: turn ${turn}`]),
  );
  const { agents } = (await second.http.get('/api/vps/agents')).body as { agents: Json[] };
  expect(agents.map((one) => [one.name, one.has_auth_token])).toEqual([
    ['broken', false],
    ['gated', true],
  ]);
  expect((await second.http.get('/api/vps/health/broken')).body).toMatchObject({ total_failures: 5 });
  expect((await second.http.get('/api/vps/health/gated')).body).toMatchObject({ total_failures: 0 });
  await expectRecordedTries(second.http, agent, [...single, ...inSession]);
  expect(await replayAll(client)).toBeGreaterThan(22);
}, 120_000);

/** Every ask has its try on record, and all asks of one call and agent the same key (I3). */
async function expectRecordedTries(
  http: HttpClient,
  agent: ScriptedAgent,
  ids: readonly string[],
): Promise<void> {
  for (const id of ids) {
    const asks = agent.requests.filter((request) => request.callKey === `${id}/gated`);
    const { attempts } = (await describeCall(http, id)) as { attempts: Json[] };
    const tries = attempts.find((attempt) => attempt.agent === 'gated')?.tries as number;
    expect(asks.length).toBeGreaterThan(0);
    expect(asks.length).toBeLessThanOrEqual(tries);
  }
}

test('when the Temporal server alone is killed, the node restarts it and the requests to agents continue', async () => {
  const environment = await place();
  const node = await startNodeProcess(environment);
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const agent = await agentOf(async () => {
    await gate;
    return { body: { content: 'still here' } };
  });
  await node.http.register('patient', agent.port);
  const waiting = node.http.call({ agent_name: 'patient', prompt: 'hello' });
  await agent.waitForRequests(1);
  const before = temporalPidOf(environment);

  process.kill(before, 'SIGKILL');
  await expect.poll(async () => (await node.http.get('/healthz')).status).toBe(200);
  await expect.poll(async () => (await node.http.get('/readyz')).status).toBe(200);
  release();

  expect((await waiting).body).toMatchObject({ success: true, response: 'still here' });
  expect(agent.requests).toHaveLength(1);
  expect(temporalPidOf(environment)).not.toBe(before);
  expect((await node.http.call({ agent_name: 'patient', prompt: 'again' })).body.success).toBe(true);
}, 90_000);

test('a call of a killed worker is continued by another within 10 s, and no failure is counted for its agent', async () => {
  const { facade, startWorker } = await startCluster();
  const first = await startWorker();
  const { agent, open } = await gatedAgent();
  await facade.http.register('taken-up', agent.port, { max_retries: 0 });
  const waiting = facade.http.call({ agent_name: 'taken-up', prompt: 'hello' });
  await agent.waitForRequests(1);
  await startWorker();

  open();
  const killedAt = Date.now();
  first.kill('SIGKILL');
  await agent.waitForRequests(2);

  expect(Date.now() - killedAt).toBeLessThan(10_000);
  const { body } = await waiting;
  expect(body).toMatchObject({ success: true, agent_name: 'taken-up' });
  const [attempt] = body.attempts as Json[];
  expect(attempt).toMatchObject({ status: 'ok', tries: 2 });
  expect((attempt?.try_log as Json[])[0]).toMatchObject({ lost: true, error_type: 'internal' });
  await expect
    .poll(async () => (await facade.http.get('/api/vps/health/taken-up')).body)
    .toMatchObject({ status: 'healthy', total_requests: 1, total_failures: 0 });
}, 90_000);
