/** A node whose clock is wrong beside a Temporal server whose clock is right: calls, agents and sessions do not notice. */
import { rm } from 'node:fs/promises';
import { setTimeout as pass } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { startAgent, type Script } from '../agents/scripted-agent.ts';
import type { HttpClient, Json } from '../rig/http-client.ts';
import { startNodeProcess } from '../rig/node-process.ts';
import { testEnvironment } from '../rig/test-node.ts';
import { createWrongClock } from '../rig/wrong-clock.ts';

const agentOf = async (script: Script) => {
  const agent = await startAgent(script);
  onTestFinished(() => agent.close());
  return agent;
};

/** Longer than the first task waits: an activity goes on with it. */
const slowly: Script = async () => {
  await pass(900);
  return { body: { content: 'in time' } };
};

/** Of a true time that was told just now. */
const expectLately = (iso: unknown): void => {
  expect(Math.abs(Date.now() - Date.parse(String(iso)))).toBeLessThan(30_000);
};

async function expectCallsInOrder(http: HttpClient): Promise<void> {
  const startedAt = Date.now();
  const { body } = await http.call({ agent_name: 'slow', prompt: 'hello', deadline_seconds: 60 });
  expect(body).toMatchObject({ success: true, agent_name: 'slow', response: 'in time' });
  const [attempt] = body.attempts as Json[];
  const [tried, ...more] = attempt?.try_log as Json[];
  expect(more).toEqual([]);
  expect(tried?.latency_ms).toBeGreaterThanOrEqual(890);
  expect(tried?.latency_ms).toBeLessThanOrEqual(Date.now() - startedAt);
  expectLately(tried?.at);
  const { body: overdue } = await http.call({ agent_name: 'hung', prompt: 'hello', deadline_seconds: 2 });
  expect(overdue).toMatchObject({ success: false, error_type: 'deadline_exceeded' });
  const [stopped] = overdue.attempts as Json[];
  expect(stopped?.latency_ms).toBeGreaterThan(1_500);
  expect(stopped?.latency_ms).toBeLessThan(6_000);
}

test("deadlines and health are right although a node's clock is wrong; log, metric and doctor report the skew", async () => {
  const clock = await createWrongClock(120_000);
  onTestFinished(() => clock.remove());
  const environment = await testEnvironment({ ...clock.environment, HOLDFAST_LOG_LEVEL: 'info' });
  onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
  const node = await startNodeProcess(environment);
  const { http } = node;
  await http.register('slow', (await agentOf(slowly)).port, { max_retries: 0 });
  await http.register('hung', (await agentOf(() => ({ hang: true }))).port, { max_retries: 0 });
  await http.register('failing', (await agentOf(() => ({ status: 401 }))).port);
  const skew = async (): Promise<number> => {
    const { text } = (await http.get('/metrics')).body as { text: string };
    return Number(/^holdfast_clock_skew_seconds (\S+)$/m.exec(text)?.[1]);
  };

  await node.process.printed(/clock is 1(19|20)\.\d s ahead of Temporal's/);
  expect(await skew()).toBeCloseTo(120, 0);
  expect((await http.get('/readyz')).status).toBe(200);
  await expectCallsInOrder(http);
  await http.call({ agent_name: 'failing', prompt: 'hello' });
  const { body: health } = await http.get('/api/vps/health/failing');
  expect(health).toMatchObject({ total_failures: 1 });
  expectLately(health.last_failure_at);
  expect((await http.get('/api/vps/health/slow')).body).toMatchObject({
    status: 'healthy',
    circuit: 'closed',
  });

  await clock.set(-120_000);
  await node.process.printed(/clock is 1(19|20)\.\d s behind Temporal's/);
  await expectCallsInOrder(http);
  expect(await skew()).toBeCloseTo(-120, 0);
  expect((await http.get('/readyz')).status).toBe(200);
  await http.call({ agent_name: 'slow', prompt: 'hello', session_id: 'idle' });
  const cleaned = await http.post('/api/vps/sessions/cleanup?max_age_hours=0');
  expect(cleaned.body).toMatchObject({ cleaned_up: 1 });

  const place = { ...environment, TEMPORAL_ADDRESS: node.temporalAddress, HOLDFAST_URL: node.url };
  const { stdout } = await runCli(['doctor'], place);
  expect(stdout).toMatch(
    /^warn +temporal clock: this machine's clock is 1(19|20)\.\d s behind the server's/m,
  );

  await clock.set(0);
  await node.process.printed(/clock agrees with Temporal's again/);
}, 120_000);
