/** What is sent to a receiver of spans. test/node/traces.test.ts has the traces of real calls. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Log } from '../../src/platform/logging.ts';
import { openTracing } from '../../src/platform/open-tracing.ts';
import { withoutSpans } from '../../src/platform/tracing.ts';
import type { EndedCall } from '../../src/workflows/sinks.ts';
import { startOtlpReceiver } from '../rig/otlp-receiver.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const trace = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
const request = { method: 'POST', route: '/api/vps/call', path: '/api/vps/call', headers: trace, ageMs: 0 };
const now = (): number => 10_000;

const lost = {
  agent: 'writer',
  host: '127.0.0.1',
  port: 9101,
  attempt: 1,
  errorType: 'internal' as const,
  lost: true as const,
  latencyMs: 0,
  at: new Date(2_000).toISOString(),
};

const call: EndedCall = {
  callId: 'crm.one',
  sessionId: 'crm\u001fcustomer',
  agent: 'writer',
  errorType: 'cancelled',
  startedAt: 1_000,
  queuedMs: 200,
  attempts: [],
  trace: { ...trace, tries: [lost] },
};

function logOf(warnings: unknown[]): Log {
  return { warn: (...line: unknown[]) => warnings.push(line) } as unknown as Log;
}

function withVariables(environment: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
}

test('a call that ended while a try was lost has both spans, in the project and session that its users know', async () => {
  const receiver = await startOtlpReceiver();
  withVariables({ ...receiver.environment, OTEL_SERVICE_NAME: 'gateway' });
  const tracing = await openTracing({ protocol: 'http/json' }, logOf([]), now);
  tracing.ended('run', call, 5_000);
  tracing.ended('run without a trace', { ...call, trace: undefined } as unknown as EndedCall, 5_000);
  await tracing.close();

  expect(receiver.tree(traceId)).toEqual(['call writer', '  invoke_agent writer']);
  expect(receiver.spans).toHaveLength(2);
  const [whole, tried] = receiver.ofTrace(traceId);
  expect(whole).toMatchObject({ startMs: 1_000, endMs: 5_000, resource: { 'service.name': 'gateway' } });
  expect(whole?.attributes).not.toHaveProperty('holdfast.answered_by');
  expect(tried).toMatchObject({
    startMs: 2_000,
    endMs: 5_000,
    attributes: {
      'holdfast.project': 'crm',
      'gen_ai.conversation.id': 'customer',
      'holdfast.try.lost': true,
      'error.type': 'internal',
    },
  });
});

test('a call without a trace has no spans, and a clock that was set back makes no negative ones', async () => {
  const receiver = await startOtlpReceiver();
  withVariables(receiver.environment);
  const tracing = await openTracing({ protocol: 'http/json' }, logOf([]), now);
  tracing.ended('run', call, 500);
  await tracing.close();
  expect(receiver.ofTrace(traceId).map(({ startMs, endMs }) => endMs - startMs)).toEqual([0, 0]);
});

test('the sampler of the environment decides, and its decision travels with the call', async () => {
  withVariables({ OTEL_TRACES_SAMPLER: 'always_off', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
  const tracing = await openTracing({ protocol: 'http/json' }, logOf([]), now);
  onTestFinished(() => tracing.close());
  const span = tracing.request({ ...request, headers: {} });
  expect(span.context?.traceparent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
  span.linkTo(trace);
  span.end();
});

test('the default protocol is protobuf', async () => {
  const types: unknown[] = [];
  const server = createServer((received, response) => {
    types.push(received.headers['content-type']);
    received.resume().once('end', () => response.end());
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  withVariables({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
  const tracing = await openTracing({ protocol: 'http/protobuf' }, logOf([]), now);
  tracing.request(request).end({ 'holdfast.call.id': 'one' }, '500');
  await tracing.close();
  expect(types).toEqual(['application/x-protobuf']);
});

test('a collector that refuses spans is logged, and stopping does not wait for one that hangs', async () => {
  const server = createServer((received, response) => {
    if (received.url === '/refuses/v1/traces') response.writeHead(400).end();
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const warnings: unknown[] = [];
  withVariables({ OTEL_EXPORTER_OTLP_ENDPOINT: `${base}/refuses`, OTEL_BSP_SCHEDULE_DELAY: '1' });
  const refused = await openTracing({ protocol: 'http/json' }, logOf(warnings), now);
  refused.request(request).end();
  await expect.poll(() => JSON.stringify(warnings)).toContain('OpenTelemetry has a problem');
  await refused.close();

  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `${base}/hangs`);
  const hanging = await openTracing({ protocol: 'http/json' }, logOf(warnings), now);
  hanging.request(request).end();
  const stoppedAt = performance.now();
  await hanging.close();
  expect(performance.now() - stoppedAt).toBeLessThan(5_000);
  expect(warnings.at(-1)).toEqual(['The last spans were not sent in time']);
});

test('without spans the trace context of a caller is passed on, and nothing begins a trace', async () => {
  const tracing = await openTracing(undefined, logOf([]), now);
  expect(tracing).toBe(withoutSpans);
  expect(tracing.request(request).context).toEqual(trace);
  expect(tracing.root('rerun of a batch').context).toBeUndefined();
  expect(tracing.ofTry(trace, { runId: 'run', agent: 'writer', tryNumber: 1 })).toBe(trace);
});
