/** The trace of a call, as a receiver of spans and the agents see it. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { callSpanId, trySpanId } from '../../src/domain/span-ids.ts';
import { packageRoot } from '../../src/platform/paths.ts';
import type { Script } from '../agents/scripted-agent.ts';
import { says } from '../api/scripts.ts';
import { HttpClient, type Json } from '../rig/http-client.ts';
import { startNodeProcess, type NodeProcess } from '../rig/node-process.ts';
import { samplesOf } from '../platform/samples.ts';
import { startOtlpReceiver } from '../rig/otlp-receiver.ts';
import { agentOf, describeCall, gatedAgent, place, startCluster } from './kill-support.ts';

const canary = 'canary-of-the-content';
const fails: Script = () => ({ status: 503, body: { error: canary } });

function caller(flags = '01') {
  const traceId = randomBytes(16).toString('hex');
  const spanId = randomBytes(8).toString('hex');
  return {
    traceId,
    spanId,
    headers: { traceparent: `00-${traceId}-${spanId}-${flags}`, tracestate: 'crm=1' },
  };
}

/** The lines of the log that are about the call. */
function linesAbout(node: NodeProcess, callId: unknown): Json[] {
  return node.process.output
    .split('\n')
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Json] : []))
    .filter((line) => line.callId === callId);
}

async function endedCall(http: HttpClient, id: string): Promise<Json> {
  await expect
    .poll(async () => (await describeCall(http, id)).status, { timeout: 30_000 })
    .not.toBe('running');
  return describeCall(http, id);
}

test('one trace goes from the request through the call and each try to the agents, and holds no content', async () => {
  const receiver = await startOtlpReceiver();
  const node = await startNodeProcess(
    await place({
      HOLDFAST_LOG_LEVEL: 'info',
      OTEL_RESOURCE_ATTRIBUTES: 'team=crm',
      ...receiver.environment,
    }),
  );
  const [expert, helper] = [await agentOf(fails), await agentOf(says(canary))];
  await node.http.register('helper', helper.port);
  await node.http.register('expert', expert.port, { max_retries: 1, fallback_agents: ['helper'] });
  const { traceId, spanId, headers } = caller();

  const { body } = await node.http.call(
    { agent_name: 'expert', prompt: canary, session_id: 'customer', user_id: 'a-user' },
    headers,
  );

  expect(body).toMatchObject({ success: true, agent_name: 'helper' });
  const tree = [
    'POST /api/vps/call',
    '  call expert',
    '    invoke_agent expert',
    '    invoke_agent expert',
    '    invoke_agent helper',
  ];
  await expect.poll(() => receiver.tree(traceId)).toEqual(tree);
  const [request, call, first, second, third] = receiver.ofTrace(traceId);
  const ofCall = {
    'holdfast.call.id': body.call_id,
    'holdfast.project': 'default',
    'gen_ai.conversation.id': 'customer',
  };
  expect(request).toMatchObject({
    parentSpanId: spanId,
    kind: 2,
    status: 0,
    resource: { 'service.name': 'holdfast', team: 'crm' },
    attributes: {
      'http.request.method': 'POST',
      'http.route': '/api/vps/call',
      'http.response.status_code': 200,
      'holdfast.call.id': body.call_id,
    },
  });
  expect(call).toMatchObject({
    kind: 1,
    status: 0,
    attributes: { ...ofCall, 'gen_ai.agent.name': 'expert', 'holdfast.answered_by': 'helper' },
  });
  for (const [index, span] of [first, second, third].entries()) {
    const name = index < 2 ? 'expert' : 'helper';
    expect(span).toMatchObject({
      kind: 3,
      status: index < 2 ? 2 : 0,
      attributes: {
        ...ofCall,
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.agent.name': name,
        'server.port': (index < 2 ? expert : helper).port,
        'holdfast.try': index === 1 ? 2 : 1,
        ...(index < 2 && { 'error.type': 'model_error' }),
      },
    });
    expect(span?.startMs).toBeGreaterThanOrEqual(call?.startMs ?? Infinity);
    expect(span?.endMs).toBeLessThanOrEqual(call?.endMs ?? 0);
  }
  const asked = [...expert.requests, ...helper.requests].map((one) => one.headers);
  expect(asked.map(({ traceparent }) => traceparent)).toEqual(
    [first, second, third].map((span) => `00-${traceId}-${span?.spanId ?? ''}-01`),
  );
  expect(asked.map(({ tracestate }) => tracestate)).toEqual(['crm=1', 'crm=1', 'crm=1']);
  const text = receiver.bodies.join();
  expect(text).not.toContain(canary);
  expect(text).not.toContain('a-user');
  await expect.poll(() => linesAbout(node, body.call_id)).toHaveLength(2); // The request, and the ending.
  for (const line of linesAbout(node, body.call_id)) expect(line).toMatchObject({ traceId });
}, 90_000);

test('a failed call has its error type, and a caller that does not sample has no spans', async () => {
  const receiver = await startOtlpReceiver();
  const node = await startNodeProcess(await place(receiver.environment));
  const agent = await agentOf(fails);
  await node.http.register('expert', agent.port, { max_retries: 0 });
  const silent = caller('00');
  const loud = caller();

  await node.http.call({ agent_name: 'expert', prompt: canary }, silent.headers);
  await node.http.call({ agent_name: 'expert', prompt: canary }, loud.headers);

  const tree = ['POST /api/vps/call', '  call expert', '    invoke_agent expert'];
  await expect.poll(() => receiver.tree(loud.traceId)).toEqual(tree);
  const [request, call] = receiver.ofTrace(loud.traceId);
  expect(request?.status).toBe(0); // The request was answered.
  expect(call).toMatchObject({ status: 2, attributes: { 'error.type': 'model_error' } });
  expect(receiver.ofTrace(silent.traceId)).toEqual([]);
  expect(agent.requests[0]?.headers.traceparent).toMatch(new RegExp(`^00-${silent.traceId}-\\w{16}-00$`));
}, 90_000);

test('a request without a key makes no span, and a key that was pasted into a path is in no span and no line', async () => {
  const receiver = await startOtlpReceiver();
  const node = await startNodeProcess(await place({ HOLDFAST_LOG_LEVEL: 'info', ...receiver.environment }));
  const { body: key } = await node.http.post('/api/vps/keys', { name: 'admin', scopes: ['admin'] });
  const text = String(key.key);
  const http = new HttpClient(node.url, text);
  const [stranger, owner] = [caller(), caller()];
  const path = `/api/vps/calls/${text}/rerun`;
  expect((await node.http.post(path, {}, stranger.headers)).status).toBe(401);
  expect((await http.post(path, {}, owner.headers)).status).toBe(404);

  await expect.poll(() => receiver.tree(owner.traceId)).toEqual(['POST /api/vps/calls/{id}/rerun']);
  const [span] = receiver.ofTrace(owner.traceId);
  expect(span?.attributes).toMatchObject({
    'url.path': '/api/vps/calls/hf_.../rerun',
    'http.response.status_code': 404,
  });
  expect(receiver.ofTrace(stranger.traceId)).toEqual([]);
  await expect.poll(() => linesAbout(node, 'hf_...')).toHaveLength(1);
  for (const written of [receiver.bodies.join(), node.process.output])
    expect(written).not.toContain(text.slice(-38));
  const samples = samplesOf(String((await http.get('/metrics')).body.text));
  const refused =
    'http_request_method="POST",http_route="/api/vps/calls/{id}/rerun",http_response_status_code="401"';
  expect(samples.get(`http_server_request_duration_seconds_count{${refused}}`)).toBe(1);
}, 90_000);

test('a rerun has a trace of its own, which is linked to that of the call that it runs again', async () => {
  const receiver = await startOtlpReceiver();
  const node = await startNodeProcess(await place(receiver.environment));
  const agent = await agentOf(fails);
  await node.http.register('expert', agent.port, { max_retries: 0 });
  const first = caller();
  const { body } = await node.http.call({ agent_name: 'expert', prompt: canary }, first.headers);
  const firstCall = String(body.call_id);
  await expect.poll(() => receiver.ofTrace(first.traceId)).toHaveLength(3);
  const [firstRequest] = receiver.ofTrace(first.traceId);
  const link = { traceId: first.traceId, spanId: firstRequest?.spanId };

  const rerun = await node.http.post(`/api/vps/calls/${firstCall}/rerun`);
  await endedCall(node.http, String(rerun.body.call_id));
  await expect.poll(() => receiver.spans.length).toBe(6);
  const [request] = receiver.spans.filter(({ name }) => name === 'POST /api/vps/calls/{id}/rerun');
  expect(request).toMatchObject({ links: [link], attributes: { 'holdfast.call.id': rerun.body.call_id } });
  expect(request?.parentSpanId).toBeUndefined();
  expect(receiver.tree(request?.traceId ?? '')).toEqual([
    'POST /api/vps/calls/{id}/rerun',
    '  call expert',
    '    invoke_agent expert',
  ]);
}, 90_000);

test('each call that a batch starts has a trace of its own, which is linked to that of the call that it runs again', async () => {
  const receiver = await startOtlpReceiver();
  const node = await startNodeProcess(await place(receiver.environment));
  const agent = await agentOf(fails);
  await node.http.register('expert', agent.port, { max_retries: 0 });
  const callers = [caller(), caller()];
  for (const { headers } of callers) await node.http.call({ agent_name: 'expert', prompt: canary }, headers);
  await expect
    .poll(async () => (await node.http.get('/api/vps/calls/counts')).body)
    .toMatchObject({ failed: 2 });

  const { status } = await node.http.post('/api/vps/reruns', { filter: { status: 'failed' } });

  expect(status).toBe(202);
  const roots = () => receiver.spans.filter(({ name }) => name === 'rerun of a batch');
  await expect.poll(() => roots().length).toBe(2);
  const tree = ['rerun of a batch', '  call expert', '    invoke_agent expert'];
  for (const { traceId } of roots()) await expect.poll(() => receiver.tree(traceId)).toEqual(tree);
  expect(
    roots()
      .flatMap(({ links }) => links.map(({ traceId }) => traceId))
      .sort(),
  ).toEqual(callers.map(({ traceId }) => traceId).sort());
}, 90_000);

test('after kill -9 of the worker in the middle of a call the trace is whole, with the try that was lost', async () => {
  const receiver = await startOtlpReceiver();
  const { facade, startWorker } = await startCluster(receiver.environment);
  const first = await startWorker();
  const { agent, open } = await gatedAgent();
  const broken = await agentOf(fails);
  await facade.http.register('taken-up', agent.port, { max_retries: 0 });
  await facade.http.register('broken', broken.port, { max_retries: 0, fallback_agents: ['taken-up'] });
  const { traceId, headers } = caller();
  const asked = { agent_name: 'broken', prompt: canary };
  const { body } = await facade.http.call(asked, { ...headers, Prefer: 'respond-async' });
  const callId = String(body.call_id);
  await agent.waitForRequests(1);
  // From then on the failure of the first agent is on record, and an activity waits for the second.
  const history = async () =>
    JSON.stringify((await facade.http.get(`/api/vps/calls/${callId}/history`)).body);
  await expect.poll(history).toContain('ACTIVITY_TASK_SCHEDULED');
  await startWorker();
  open();
  first.kill('SIGKILL');

  expect(await endedCall(facade.http, callId)).toMatchObject({ status: 'completed', agent_name: 'taken-up' });
  const rest = ['    invoke_agent broken', '    invoke_agent taken-up', '    invoke_agent taken-up'];
  await expect.poll(() => receiver.tree(traceId)).toEqual(['POST /api/vps/call', '  call broken', ...rest]);
  const [, call, , lost, taken] = receiver.ofTrace(traceId);
  expect(lost).toMatchObject({ status: 2, attributes: { 'holdfast.try': 1, 'holdfast.try.lost': true } });
  expect(taken).toMatchObject({ status: 0, attributes: { 'holdfast.try': 2 } });
  expect(lost?.endMs).toBe(taken?.startMs);
  const runId = String(call?.attributes['holdfast.run_id']);
  expect(call?.spanId).toBe(callSpanId(runId));
  // What the dead worker sent names the span that its successor has made for it.
  expect(agent.requests.map((one) => one.headers.traceparent)).toEqual(
    [1, 2].map((tryNumber) => `00-${traceId}-${trySpanId(runId, 'taken-up', tryNumber)}-01`),
  );
}, 90_000);

test('without OTEL_ variables no OpenTelemetry is loaded, and the trace context of the caller goes to the agent as it is', async () => {
  const environment = await place({ HOLDFAST_LOG_LEVEL: 'info' });
  const loaded = join(environment.HOLDFAST_DATA_DIR, 'loaded.json');
  const node = await startNodeProcess({
    ...environment,
    NODE_OPTIONS: `--require=${join(packageRoot, 'test', 'rig', 'loaded-modules.cjs')}`,
    LOADED_MODULES: loaded,
  });
  const agent = await agentOf(says('fine'));
  await node.http.register('helper', agent.port);
  const { traceId, headers } = caller();

  const traced = await node.http.call({ agent_name: 'helper', prompt: 'hello' }, headers);
  const untraced = await node.http.call(
    { agent_name: 'helper', prompt: 'hello' },
    { traceparent: 'not one' },
  );
  await expect.poll(() => linesAbout(node, untraced.body.call_id)).toHaveLength(2);
  node.process.kill('SIGTERM');
  await node.process.exited;

  expect(
    agent.requests.map(({ headers: { traceparent, tracestate } }) => ({ traceparent, tracestate })),
  ).toEqual([headers, { traceparent: undefined, tracestate: undefined }]);
  for (const line of linesAbout(node, traced.body.call_id)) expect(line).toMatchObject({ traceId });
  for (const line of linesAbout(node, untraced.body.call_id)) expect(line).not.toHaveProperty('traceId');
  // prom-client loads the API, which does nothing by itself.
  expect(JSON.parse(await readFile(loaded, 'utf8'))).toEqual(['@opentelemetry/api']);
}, 90_000);
