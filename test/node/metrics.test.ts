/** What `/metrics` and the log say about calls, compared with what was done. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAgent, type Script, type ScriptedAgent } from '../agents/scripted-agent.ts';
import { gated, says } from '../api/scripts.ts';
import { samplesOf } from '../platform/samples.ts';
import { packageRoot } from '../../src/platform/paths.ts';
import type { Json } from '../rig/http-client.ts';
import { startLastingNode, type NodeProcess } from '../rig/node-process.ts';
import { testEnvironment, type Environment } from '../rig/test-node.ts';

let environment: Environment & { HOLDFAST_DATA_DIR: string };
let node: NodeProcess;
const agents = new Map<string, ScriptedAgent>();

const async = { Prefer: 'respond-async' };
const canary = 'canary-of-the-content';

beforeAll(async () => {
  environment = await testEnvironment({
    HOLDFAST_LOG_LEVEL: 'info',
    HOLDFAST_MAX_SESSION_QUEUE: '1',
    HOLDFAST_API_KEYS: 'bootstrap-key-of-the-test-0123456789',
  });
  node = await startLastingNode(environment);
}, 60_000);
afterAll(async () => {
  node.process.kill('SIGTERM');
  await node.process.exited;
  await Promise.all([...agents.values()].map((agent) => agent.close()));
  await rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true });
});

async function agent(name: string, script: Script, registration: Json = {}): Promise<ScriptedAgent> {
  const started = await startAgent(script);
  agents.set(name, started);
  await node.http.register(name, started.port, registration);
  return started;
}

const page = async (): Promise<string> => (await node.http.get('/metrics')).body.text as string;

/** The samples of these metrics that are not 0. */
async function counted(...names: string[]): Promise<Record<string, number>> {
  const samples = [...samplesOf(await page())];
  const chosen = samples.filter(([name, value]) => value !== 0 && names.some((one) => name.startsWith(one)));
  return Object.fromEntries(chosen);
}

function logLines(): Json[] {
  return node.process.output
    .split('\n')
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Json] : []));
}

const endings = (): Json[] => logLines().filter(({ msg }) => msg === 'A call ended');

async function send(body: Json, headers: Record<string, string> = {}): Promise<string> {
  const { status, body: answer } = await node.http.call({ prompt: canary, ...body }, headers);
  expect([200, 202]).toContain(status);
  return String(answer.call_id);
}

async function refused(body: Json): Promise<string> {
  const answer = await node.http.call({ prompt: canary, ...body });
  return `${answer.status} ${String(answer.body.error_type)}`;
}

test('what calls did is counted and logged, each thing once', { timeout: 90_000 }, async () => {
  const gate = gated(`${canary} at last`);
  await agent('answers', says(canary));
  await agent('refuses', () => ({ status: 401, body: { error: canary } }));
  await agent('breaks', () => ({ status: 500 }), { max_retries: 0, fallback_agents: ['answers'] });
  const slow = await agent('slow', gate.script, { timeout_seconds: 60 });
  const hangs = await agent('hangs', () => ({ hang: true }), { max_concurrency: 1, timeout_seconds: 60 });
  const { body: project } = await node.http.post('/api/vps/projects', { name: 'crm' });
  expect(project.name).toBe('crm');

  const calls = {
    answered: await send({ agent_name: 'answers', session_id: 'conversation' }),
    inProject: await send({ agent_name: 'answers', session_id: 'of-crm' }, { 'Holdfast-Project': 'crm' }),
    failed: await send({ agent_name: 'refuses' }),
    fellBack: await send({ agent_name: 'breaks' }),
    overdue: await send({ agent_name: 'hangs', deadline_seconds: 1 }),
  };
  const cancelled = await send({ agent_name: 'hangs' }, async);
  await hangs.waitForRequests(2);
  const holder = await send({ agent_name: 'slow', session_id: 'busy' }, async);
  await slow.waitForRequests(1);
  const waits = await send({ agent_name: 'slow', session_id: 'busy' }, async);
  await expect
    .poll(() => counted('holdfast_turns_queued', 'holdfast_agent_in_flight', 'holdfast_asks_in_flight'))
    .toEqual({
      holdfast_turns_queued: 1,
      holdfast_asks_in_flight: 2,
      'holdfast_agent_in_flight{agent="slow"}': 1,
      'holdfast_agent_in_flight{agent="hangs"}': 1,
    });
  expect(await refused({ agent_name: 'slow', session_id: 'busy' })).toBe('429 session_queue_full');
  expect(await refused({ agent_name: 'slow', session_id: 'busy', when_busy: 'reject' })).toBe(
    '429 session_busy',
  );
  expect(await refused({ agent_name: 'hangs' })).toBe('429 overloaded');
  expect(await refused({ agent_name: 'nobody' })).toBe('404 agent_not_found');
  for (const one of [waits, cancelled]) await node.http.post(`/api/vps/calls/${one}/cancel`);
  await expect.poll(() => endings().length).toBe(7);
  gate.open();
  await expect.poll(() => endings().length).toBe(8);

  expect(
    await counted('holdfast_calls_total', 'holdfast_attempts', 'holdfast_fallbacks', 'holdfast_admission'),
  ).toEqual({
    'holdfast_calls_total{agent="answers",outcome="answered",error_type=""}': 3,
    'holdfast_calls_total{agent="slow",outcome="answered",error_type=""}': 1,
    'holdfast_calls_total{agent="refuses",outcome="failed",error_type="auth"}': 1,
    'holdfast_calls_total{agent="hangs",outcome="failed",error_type="deadline_exceeded"}': 1,
    'holdfast_calls_total{agent="hangs",outcome="cancelled",error_type="cancelled"}': 1,
    'holdfast_calls_total{agent="slow",outcome="cancelled",error_type="cancelled"}': 1,
    'holdfast_attempts_total{agent="answers",outcome="answered",error_type=""}': 3,
    'holdfast_attempts_total{agent="slow",outcome="answered",error_type=""}': 1,
    'holdfast_attempts_total{agent="refuses",outcome="failed",error_type="auth"}': 1,
    'holdfast_attempts_total{agent="breaks",outcome="failed",error_type="model_error"}': 1,
    'holdfast_attempts_total{agent="hangs",outcome="failed",error_type="deadline_exceeded"}': 1,
    'holdfast_attempts_total{agent="hangs",outcome="cancelled",error_type="cancelled"}': 1,
    'holdfast_fallbacks_total{from="breaks",to="answers",error_type="model_error"}': 1,
    'holdfast_admission_rejected_total{reason="agent"}': 1,
    'holdfast_admission_rejected_total{reason="session_queue_full"}': 1,
    'holdfast_admission_rejected_total{reason="session_busy"}': 1,
  });
  expect(await counted('holdfast_turns_queued', 'holdfast_asks', 'holdfast_agent_in_flight')).toEqual({});
  expect(await counted('holdfast_calls_in_flight', 'holdfast_starts_waiting')).toEqual({});
  const durations = await counted(
    'holdfast_call_duration_seconds_count',
    'holdfast_call_overhead_seconds_count',
  );
  expect(durations).toEqual({
    'holdfast_call_duration_seconds_count{outcome="answered"}': 4,
    'holdfast_call_duration_seconds_count{outcome="failed"}': 2,
    'holdfast_call_duration_seconds_count{outcome="cancelled"}': 2,
    holdfast_call_overhead_seconds_count: 8,
  });

  const line = (callId: string): Json => endings().find((one) => one.callId === callId) ?? {};
  const asked = (name: string, errorType?: string) => ({
    agent: name,
    ...(errorType && { errorType }),
    tries: 1,
    latencyMs: expect.any(Number) as number,
  });
  const every = {
    level: 30,
    time: expect.any(String) as string,
    durationMs: expect.any(Number) as number,
    overheadMs: expect.any(Number) as number,
    queuedMs: 0,
    runId: expect.any(String) as string,
    project: 'default',
    msg: 'A call ended',
  };
  const expected: [string, Json][] = [
    [
      calls.answered,
      { agent: 'answers', sessionId: 'conversation', outcome: 'answered', attempts: [asked('answers')] },
    ],
    [
      calls.inProject,
      {
        agent: 'answers',
        project: 'crm',
        sessionId: 'of-crm',
        outcome: 'answered',
        attempts: [asked('answers')],
      },
    ],
    [
      calls.failed,
      { agent: 'refuses', outcome: 'failed', errorType: 'auth', attempts: [asked('refuses', 'auth')] },
    ],
    [
      calls.fellBack,
      {
        agent: 'answers',
        outcome: 'answered',
        attempts: [asked('breaks', 'model_error'), asked('answers')],
      },
    ],
    [
      calls.overdue,
      {
        agent: 'hangs',
        outcome: 'failed',
        errorType: 'deadline_exceeded',
        attempts: [asked('hangs', 'deadline_exceeded')],
      },
    ],
    [
      cancelled,
      {
        agent: 'hangs',
        outcome: 'cancelled',
        errorType: 'cancelled',
        attempts: [asked('hangs', 'cancelled')],
      },
    ],
    [
      waits,
      {
        agent: 'slow',
        sessionId: 'busy',
        outcome: 'cancelled',
        errorType: 'cancelled',
        queuedMs: expect.any(Number) as number,
        attempts: [],
      },
    ],
    [holder, { agent: 'slow', sessionId: 'busy', outcome: 'answered', attempts: [asked('slow')] }],
  ];
  for (const [callId, fields] of expected) expect(line(callId)).toEqual({ ...every, callId, ...fields });
  expect(line(calls.overdue).durationMs).toBeGreaterThanOrEqual(1_000);
  expect(line(waits).queuedMs).toBeGreaterThan(0);
  const requests = logLines().filter(({ msg }) => msg === 'request completed');
  expect(requests.filter(({ callId }) => callId === calls.inProject)).toMatchObject([
    { project: 'crm', sessionId: 'of-crm', agent: 'answers' },
  ]);
  expect(
    requests.find(({ callId, req }) => callId === waits && (req as Json).method === 'POST'),
  ).toBeDefined();
  const paths = [`/api/vps/calls/${calls.answered}/events`, '/api/vps/calls/of-nobody'];
  for (const path of paths) await (await fetch(node.url + path, { headers: node.http.headers })).text();
  const fieldsOf = (path: string) =>
    logLines().find(({ msg, req }) => msg === 'request completed' && (req as Json).url === path);
  await expect.poll(() => paths.map((path) => fieldsOf(path)?.callId)).toEqual([calls.answered, 'of-nobody']);
  expect(node.process.output).not.toContain(canary);
});

test("an agent's state and circuit follow what happens to it", async () => {
  const unhealthy = await agent('unhealthy', () => ({ status: 500 }), { max_retries: 0 });
  const state = () =>
    counted('holdfast_agent_state{agent="unhealthy"', 'holdfast_agent_circuit_open{agent="unh');
  expect(await state()).toEqual({ 'holdfast_agent_state{agent="unhealthy",state="healthy"}': 1 });
  for (let i = 0; i < 3; i++) await send({ agent_name: 'unhealthy' });
  expect(unhealthy.requests).toHaveLength(3);
  await expect.poll(state).toEqual({
    'holdfast_agent_state{agent="unhealthy",state="unhealthy"}': 1,
    'holdfast_agent_circuit_open{agent="unhealthy"}': 1,
  });
});

test('a removed agent has no series any more, and a call of it that ends later is counted with all others', async () => {
  const gate = gated('late');
  const removed = await agent('removed', gate.script);
  await send({ agent_name: 'removed' }, async);
  await removed.waitForRequests(1);
  expect(await page()).toContain('agent="removed"');
  expect((await node.http.delete('/api/vps/agents/removed')).status).toBe(204);
  expect(await page()).not.toContain('agent="removed"');
  expect(await counted('holdfast_agent_in_flight')).toEqual({
    'holdfast_agent_in_flight{agent="(other)"}': 1,
  });
  gate.open();
  await expect
    .poll(() => counted('holdfast_calls_total{agent="(', 'holdfast_attempts_total{agent="('))
    .toEqual({
      'holdfast_calls_total{agent="(other)",outcome="answered",error_type=""}': 1,
      'holdfast_attempts_total{agent="(other)",outcome="answered",error_type=""}': 1,
    });
  expect(await page()).not.toContain('agent="removed"');
});

test('a key with the scope metrics scrapes the page, which names no call, session, user, key or project', async () => {
  const { body } = await node.http.post('/api/vps/keys', { name: 'prometheus', scopes: ['metrics'] });
  const headers = { Authorization: `Bearer ${String(body.key)}` };
  const scraped = await fetch(`${node.url}/metrics`, { headers });
  expect(scraped.status).toBe(200);
  const text = await scraped.text();
  for (const path of ['/api/vps/agents', '/api/vps/calls', '/openapi.json', '/docs', '/api/vps/keys'])
    expect((await fetch(node.url + path, { headers })).status).toBe(403);
  expect((await fetch(`${node.url}/metrics`)).status).toBe(401);
  const samples = text.split('\n').filter((line) => !line.startsWith('#'));
  const ids = endings().map(({ callId }) => String(callId));
  expect(ids.length).toBeGreaterThan(8);
  for (const id of [...ids, 'conversation', 'of-crm', 'crm', String(body.id)])
    expect(samples.filter((line) => line.includes(id))).toEqual([]);
});

test('a request that a limit of its key refuses is counted before it is looked at', async () => {
  const wish = { name: 'limited', scopes: ['call'], limits: { requests_per_minute: 1 } };
  const { body } = await node.http.post('/api/vps/keys', wish);
  const headers = { Authorization: `Bearer ${String(body.key)}` };
  const reason = 'holdfast_admission_rejected_total{reason="limit_reached"}';
  // The minute may end between two requests.
  await expect
    .poll(async () => (await node.http.call({ agent_name: 'answers', prompt: 'hi' }, headers)).status)
    .toBe(429);
  expect(await counted(reason)).toEqual({ [reason]: 1 });
});

test("the Temporal SDK's slots, polls and latencies are on the page", async () => {
  const samples = samplesOf(await page());
  const slots = 'temporal_worker_task_slots_available{task_queue="holdfast",worker_type="WorkflowWorker"}';
  expect(samples.get(slots)).toBeGreaterThan(0);
  const polls = 'temporal_workflow_task_queue_poll_succeed_total{task_queue="holdfast"}';
  const before = samples.get(polls) ?? 0;
  expect(before).toBeGreaterThan(0);
  const waited = 'temporal_workflow_task_schedule_to_start_latency_seconds_count{task_queue="holdfast"}';
  expect(samples.get(waited)).toBeGreaterThan(0);
  const starts = 'temporal_request_total{operation="StartWorkflowExecution"}';
  await send({ agent_name: 'answers' });
  const after = samplesOf(await page());
  expect(after.get(starts)).toBe((samples.get(starts) ?? 0) + 1);
  expect(after.get(polls)).toBeGreaterThanOrEqual(before);
});

/** The metrics that a table of the docs lists: type and labels, by name. */
function documented(
  text: string,
): Map<string, { readonly type: string; readonly labels: readonly string[] }> {
  const rows = text.split('\n').flatMap((line) => {
    const [, name = '', type = '', ...more] = line.split('|').map((cell) => cell.trim());
    if (!['counter', 'gauge', 'histogram'].includes(type)) return [];
    const cell = more[name.startsWith('`holdfast_') || name.startsWith('`http_') ? 1 : 0] ?? '';
    return [
      [name.slice(1, -1), { type, labels: [...cell.matchAll(/`(\w+)`/g)].map(([, label = '']) => label) }],
    ];
  });
  return new Map(rows as [string, { type: string; labels: string[] }][]);
}

test('docs/metrics.md lists exactly the metrics of a node, and its queries name no others', async () => {
  const docs = await readFile(join(packageRoot, 'docs', 'metrics.md'), 'utf8');
  const listed = documented(docs);
  const text = await page();
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  expect(types.sort()).toEqual([...listed].map(([name, { type }]) => `${name} ${type}`).sort());
  const base = (name: string): string => (listed.has(name) ? name : name.replace(/_(bucket|sum|count)$/, ''));
  for (const sample of samplesOf(text).keys()) {
    const name = sample.split('{')[0] ?? '';
    const labels = [...sample.matchAll(/[{,](\w+)="/g)].map(([, label = '']) => label);
    const known = [...(listed.get(base(name))?.labels ?? []), 'le'];
    expect(
      labels.filter((label) => !known.includes(label)),
      sample,
    ).toEqual([]);
  }

  const queries = [...docs.matchAll(/^```promql\n([^]*?)^```$/gm)].flatMap(([, block = '']) =>
    block.split('\n').filter((line) => line !== ''),
  );
  expect(queries.length).toBeGreaterThanOrEqual(10);
  for (const query of queries) {
    const names = query.match(/\b(holdfast|temporal|http|nodejs|process)_\w+/g) ?? [];
    expect(names.length, query).toBeGreaterThan(0);
    for (const name of names) expect(listed.has(base(name)), query).toBe(true);
    for (const [, name = '', inside = ''] of query.matchAll(/(\w+)\{([^}]*)\}/g))
      for (const [, label = ''] of inside.matchAll(/(\w+)!?=/g))
        expect(listed.get(base(name))?.labels, query).toContain(label);
  }
});
